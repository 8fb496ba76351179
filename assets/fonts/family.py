"""Makes Inter-Regular.ttf and Inter-SemiBold.ttf from the woff2 files of inter-ui: tabular figures, no hinting."""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "calt"]
AS_WIDE_AS_FIGURES = set("0123456789+\u2212")


def tabular_glyphs(font):
    table = font["GSUB"].table
    lookups = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    glyphs = {}
    for index in lookups:
        for part in table.LookupList.Lookup[index].SubTable:
            glyphs.update(getattr(part, "ExtSubTable", part).mapping)
    return glyphs


for weight in ("Regular", "SemiBold"):
    font = TTFont(Path(sys.argv[1]) / f"Inter-{weight}.woff2")
    font.flavor = None
    tabular = tabular_glyphs(font)
    for table in font["cmap"].tables:
        if table.isUnicode():
            for code, glyph in table.cmap.items():
                if chr(code) in AS_WIDE_AS_FIGURES:
                    table.cmap[code] = tabular.get(glyph, glyph)
    options = subset.Options(layout_features=FEATURES, name_IDs=["*"], hinting=False, glyph_names=False)
    options.notdef_outline = True
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[code for code in font.getBestCmap() if code < 0x2700])
    cut.subset(font)
    font.save(Path(__file__).with_name(f"Inter-{weight}.ttf"))
