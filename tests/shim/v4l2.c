/* Virtual V4L2 cameras for tests, as a library for LD_PRELOAD.
 *
 *   cc -shared -fPIC -O2 -o shim.so v4l2.c -ldl
 *   LD_PRELOAD=./shim.so SHIM_V4L2_0=YUYV:1280x720@30000/1001 tally devices
 *
 * Environment (read once, at the first use):
 *   SHIM_V4L2_0, SHIM_V4L2_1  what /dev/video0 and /dev/video1 offer: FOURCC:WIDTHxHEIGHT@NUM[/DEN], several
 *                             separated by commas. Known: YUYV, NV12, MJPG. Unset: there is no such camera.
 *   SHIM_V4L2_CARD_0, _1      its name (default "Shim Camera 0"); bus is "usb-0000:00:14.0-N" (N = 1, 2).
 *   SHIM_V4L2_JPEG            file with the picture that MJPG delivers (it should have the offered size).
 *   SHIM_V4L2_MOVE            set: a white bar, 16 pixels wide and 32 rows high, moves 8 pixels a frame along the
 *                             top (not in MJPG). Unset: the picture stands still.
 *   SHIM_V4L2_MATRIX          601: the driver says BT.601; otherwise it says BT.709, limited range: the luma of the
 *                             drawing is then the luma of the picture.
 *   SHIM_V4L2_CONTROL         a file whose words are obeyed while it says so, N being 0 or 1:
 *                             unplugN  the camera is gone (ENODEV for those who have it, no node for others)
 *                             stallN   no more frames come
 *                             denyN    opening fails with EACCES
 *                             busyN    REQBUFS fails with EBUSY
 *                             slowN    STREAMOFF takes 0.7 s; until then nobody else can set the camera up (EBUSY)
 *                             brokenN  S_FMT fails with EIO
 *                             freezeN  the bar of SHIM_V4L2_MOVE stands still: frames are the same, bit by bit
 *                             stuckN   the same, until the camera is opened anew, whatever the file says by then
 *                             blackN   frames are black
 *   SHIM_V4L2_TRACE           set: tells each call on standard error.
 *
 * The drawing, for a picture of W x H, all integer arithmetic:
 *   Y(x, y) = 40 + 150 * x / W, plus 30 where (x / 80 + y / 80) is odd
 *   U(x, y) = 64 + 128 * y / H        V(x, y) = 64 + 128 * x / W     (x and y of the left upper pixel of the pair)
 * Frames are stamped by CLOCK_MONOTONIC with the time they are due: n * DEN / NUM seconds after STREAMON.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CAMERAS 2
#define OFFERS 8
#define HANDLES 16
#define BUFFERS 8
#define LISTINGS 16

struct offer {
    uint32_t fourcc, width, height, num, den;
};

struct camera {
    int present;
    char card[32];
    struct offer offers[OFFERS];
    int offers_count;
    struct offer set;
    int owner; /* handle that has buffers, or -1 */
};

struct handle {
    int used, fd, camera;
    int buffers, streaming;
    size_t length;
    uint8_t *memory;
    int queue[BUFFERS], queued;
    uint32_t bytes[BUFFERS];
    int black[BUFFERS], stuck;
    int64_t started, frame; /* ns; the next frame to be delivered */
};

static struct camera cameras[CAMERAS];
static struct handle handles[HANDLES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint8_t *jpeg;
static size_t jpeg_length;
static int moving, trace, bt601;
static const char *control_path;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_ioctl)(int, unsigned long, ...);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static long (*real_syscall)(long, ...);
static DIR *(*real_opendir)(const char *);
static struct dirent64 *(*real_readdir64)(DIR *);
static int (*real_closedir)(DIR *);

#define REAL(name)                                                                                                    \
    do {                                                                                                              \
        if (!real_##name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name);                                           \
    } while (0)

static void say(const char *format, ...) {
    if (!trace) return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

static void read_offers(struct camera *camera, const char *text) {
    char copy[512];
    snprintf(copy, sizeof copy, "%s", text);
    char *rest = NULL;
    for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        char code[5] = "";
        struct offer offer = {.den = 1};
        if (sscanf(one, "%4[^:]:%ux%u@%u/%u", code, &offer.width, &offer.height, &offer.num, &offer.den) < 4) {
            fprintf(stderr, "v4l2 shim: cannot read %s\n", one);
            abort();
        }
        offer.fourcc = v4l2_fourcc(code[0], code[1], code[2], code[3]);
        if (camera->offers_count < OFFERS) camera->offers[camera->offers_count++] = offer;
    }
    camera->set = camera->offers[0];
}

static void prepare(void) {
    REAL(open);
    REAL(openat);
    REAL(close);
    REAL(ioctl);
    REAL(poll);
    REAL(syscall);
    REAL(opendir);
    REAL(readdir64);
    REAL(closedir);
    trace = getenv("SHIM_V4L2_TRACE") != NULL;
    moving = getenv("SHIM_V4L2_MOVE") != NULL;
    const char *matrix = getenv("SHIM_V4L2_MATRIX");
    bt601 = matrix && strcmp(matrix, "601") == 0;
    control_path = getenv("SHIM_V4L2_CONTROL");
    for (int i = 0; i < CAMERAS; i++) {
        char name[32];
        snprintf(name, sizeof name, "SHIM_V4L2_%d", i);
        const char *text = getenv(name);
        cameras[i].owner = -1;
        if (!text) continue;
        cameras[i].present = 1;
        read_offers(&cameras[i], text);
        snprintf(name, sizeof name, "SHIM_V4L2_CARD_%d", i);
        const char *card = getenv(name);
        if (card) snprintf(cameras[i].card, sizeof cameras[i].card, "%s", card);
        else snprintf(cameras[i].card, sizeof cameras[i].card, "Shim Camera %d", i);
    }
    const char *path = getenv("SHIM_V4L2_JPEG");
    int fd = path ? real_open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat stat;
    if (fd >= 0 && fstat(fd, &stat) == 0) {
        jpeg = malloc((size_t)stat.st_size);
        ssize_t got = jpeg ? read(fd, jpeg, (size_t)stat.st_size) : 0;
        jpeg_length = got > 0 ? (size_t)got : 0;
        real_close(fd);
    }
}

static int told(const char *word, int camera) {
    if (!control_path) return 0;
    char wanted[32], text[256];
    snprintf(wanted, sizeof wanted, "%s%d", word, camera);
    int fd = real_open(control_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    real_close(fd);
    text[got > 0 ? got : 0] = 0;
    return strstr(text, wanted) != NULL;
}

static int64_t now_nanos(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct handle *handle_of(int fd) {
    for (int i = 0; fd >= 0 && i < HANDLES; i++)
        if (handles[i].used && handles[i].fd == fd) return &handles[i];
    return NULL;
}

static uint8_t luma(const struct offer *f, uint32_t x, uint32_t y) {
    return (uint8_t)(40 + 150 * x / f->width + ((x / 80 + y / 80) % 2 ? 30 : 0));
}

static uint8_t chroma_u(const struct offer *f, uint32_t y) { return (uint8_t)(64 + 128 * y / f->height); }
static uint8_t chroma_v(const struct offer *f, uint32_t x) { return (uint8_t)(64 + 128 * x / f->width); }

static size_t picture_length(const struct offer *f) {
    size_t area = (size_t)f->width * f->height;
    if (f->fourcc == V4L2_PIX_FMT_YUYV) return area * 2;
    if (f->fourcc == V4L2_PIX_FMT_NV12) return area * 3 / 2;
    return area > jpeg_length ? area : jpeg_length;
}

static uint32_t draw(const struct offer *f, uint8_t *out) {
    if (f->fourcc == V4L2_PIX_FMT_YUYV) {
        for (uint32_t y = 0; y < f->height; y++)
            for (uint32_t x = 0; x + 1 < f->width; x += 2) {
                uint8_t *p = out + ((size_t)y * f->width + x) * 2;
                p[0] = luma(f, x, y);
                p[1] = chroma_u(f, y);
                p[2] = luma(f, x + 1, y);
                p[3] = chroma_v(f, x);
            }
        return f->width * f->height * 2;
    }
    if (f->fourcc == V4L2_PIX_FMT_NV12) {
        uint8_t *uv = out + (size_t)f->width * f->height;
        for (uint32_t y = 0; y < f->height; y++)
            for (uint32_t x = 0; x < f->width; x++) out[(size_t)y * f->width + x] = luma(f, x, y);
        for (uint32_t y = 0; y < f->height; y += 2)
            for (uint32_t x = 0; x < f->width; x += 2) {
                uint8_t *p = uv + (size_t)y / 2 * f->width + x;
                p[0] = chroma_u(f, y);
                p[1] = chroma_v(f, x);
            }
        return f->width * f->height * 3 / 2;
    }
    if (jpeg) memcpy(out, jpeg, jpeg_length);
    return (uint32_t)jpeg_length;
}

/* Draws the bar of frame n over the picture, and the picture where the bar of an older frame was. */
static void move_bar(const struct offer *f, uint8_t *out, int64_t n) {
    uint32_t left = (uint32_t)(n * 8 % f->width);
    int step = f->fourcc == V4L2_PIX_FMT_YUYV ? 2 : 1;
    if (f->fourcc == V4L2_PIX_FMT_MJPEG) return;
    for (uint32_t y = 0; y < 32 && y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++)
            out[((size_t)y * f->width + x) * (size_t)step] = x - left < 16 ? 235 : luma(f, x, y);
}

/* Black in the limited range; the picture where a frame was black. */
static void set_black(const struct offer *f, uint8_t *out, int black) {
    if (!black) {
        draw(f, out);
        return;
    }
    size_t area = (size_t)f->width * f->height;
    if (f->fourcc == V4L2_PIX_FMT_YUYV)
        for (size_t i = 0; i < area * 2; i++) out[i] = i % 2 ? 128 : 16;
    if (f->fourcc == V4L2_PIX_FMT_NV12) {
        memset(out, 16, area);
        memset(out + area, 128, area / 2);
    }
}

static int fail(int code) {
    errno = code;
    return -1;
}

static int64_t due(const struct handle *h, const struct camera *c) {
    return h->started + h->frame * 1000000000LL * c->set.den / c->set.num;
}

static void fill_pix(const struct camera *c, struct v4l2_pix_format *pix) {
    memset(pix, 0, sizeof *pix);
    pix->width = c->set.width;
    pix->height = c->set.height;
    pix->pixelformat = c->set.fourcc;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = c->set.fourcc == V4L2_PIX_FMT_YUYV   ? c->set.width * 2
                        : c->set.fourcc == V4L2_PIX_FMT_NV12 ? c->set.width
                                                             : 0;
    pix->sizeimage = (uint32_t)picture_length(&c->set);
    pix->colorspace = c->set.fourcc == V4L2_PIX_FMT_MJPEG ? V4L2_COLORSPACE_JPEG
                      : bt601                             ? V4L2_COLORSPACE_SRGB
                                                          : V4L2_COLORSPACE_REC709;
}

static int set_format(struct camera *c, int index, struct v4l2_format *format) {
    if (told("broken", index)) return fail(EIO);
    const struct offer *best = NULL;
    uint64_t best_cost = UINT64_MAX;
    for (int i = 0; i < c->offers_count; i++) {
        const struct offer *o = &c->offers[i];
        uint64_t cost = o->fourcc == format->fmt.pix.pixelformat ? 0 : 1000000;
        cost += (uint64_t)llabs((long long)o->width - format->fmt.pix.width);
        cost += (uint64_t)llabs((long long)o->height - format->fmt.pix.height);
        if (cost < best_cost) best = o, best_cost = cost;
    }
    c->set = *best;
    fill_pix(c, &format->fmt.pix);
    return 0;
}

static int distinct_format(const struct camera *c, uint32_t index, uint32_t *fourcc) {
    for (int i = 0; i < c->offers_count; i++) {
        int known = 0;
        for (int j = 0; j < i; j++) known |= c->offers[j].fourcc == c->offers[i].fourcc;
        if (known) continue;
        if (index-- == 0) return *fourcc = c->offers[i].fourcc, 1;
    }
    return 0;
}

static int distinct_size(const struct camera *c, uint32_t index, uint32_t fourcc, uint32_t *w, uint32_t *h) {
    for (int i = 0; i < c->offers_count; i++) {
        const struct offer *o = &c->offers[i];
        int known = o->fourcc != fourcc;
        for (int j = 0; j < i; j++)
            known |= c->offers[j].fourcc == fourcc && c->offers[j].width == o->width && c->offers[j].height == o->height;
        if (known) continue;
        if (index-- == 0) return *w = o->width, *h = o->height, 1;
    }
    return 0;
}

static int answer(struct handle *h, unsigned long request, void *arg) {
    struct camera *c = &cameras[h->camera];
    say("v4l2 shim: ioctl %#lx on video%d\n", request, h->camera);
    if (told("unplug", h->camera)) return fail(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *cap = arg;
        memset(cap, 0, sizeof *cap);
        snprintf((char *)cap->driver, sizeof cap->driver, "shim");
        memcpy(cap->card, c->card, sizeof cap->card);
        snprintf((char *)cap->bus_info, sizeof cap->bus_info, "usb-0000:00:14.0-%d", h->camera + 1);
        cap->version = 6 << 16;
        cap->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        cap->capabilities = cap->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *d = arg;
        if (d->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || !distinct_format(c, d->index, &d->pixelformat)) return fail(EINVAL);
        d->flags = d->pixelformat == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
        snprintf((char *)d->description, sizeof d->description, "%.4s", (char *)&d->pixelformat);
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *s = arg;
        if (!distinct_size(c, s->index, s->pixel_format, &s->discrete.width, &s->discrete.height)) return fail(EINVAL);
        s->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *v = arg;
        uint32_t index = v->index;
        for (int i = 0; i < c->offers_count; i++) {
            const struct offer *o = &c->offers[i];
            if (o->fourcc != v->pixel_format || o->width != v->width || o->height != v->height || index-- > 0) continue;
            v->type = V4L2_FRMIVAL_TYPE_DISCRETE;
            v->discrete.numerator = o->den;
            v->discrete.denominator = o->num;
            return 0;
        }
        return fail(EINVAL);
    }
    case VIDIOC_G_FMT:
        fill_pix(c, &((struct v4l2_format *)arg)->fmt.pix);
        return 0;
    case VIDIOC_S_FMT:
        if (c->owner >= 0) return fail(EBUSY);
        return set_format(c, h->camera, arg);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
        struct v4l2_streamparm *p = arg;
        if (p->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
        if (request == VIDIOC_S_PARM)
            for (int i = 0; i < c->offers_count; i++) {
                const struct offer *o = &c->offers[i];
                if (o->fourcc == c->set.fourcc && o->width == c->set.width && o->height == c->set.height &&
                    (uint64_t)o->num * p->parm.capture.timeperframe.numerator ==
                        (uint64_t)o->den * p->parm.capture.timeperframe.denominator)
                    c->set = *o;
            }
        memset(&p->parm, 0, sizeof p->parm);
        p->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        p->parm.capture.timeperframe.numerator = c->set.den;
        p->parm.capture.timeperframe.denominator = c->set.num;
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *r = arg;
        int me = (int)(h - handles);
        if (r->memory != V4L2_MEMORY_MMAP) return fail(EINVAL);
        if ((c->owner >= 0 && c->owner != me) || told("busy", h->camera)) return fail(EBUSY);
        if (h->memory) munmap(h->memory, h->length * (size_t)h->buffers);
        h->memory = NULL;
        h->streaming = h->queued = h->buffers = 0;
        c->owner = -1;
        if (r->count == 0) return 0;
        if (r->count > BUFFERS) r->count = BUFFERS;
        h->buffers = (int)r->count;
        h->length = (picture_length(&c->set) + 4095) / 4096 * 4096;
        if (ftruncate(h->fd, (off_t)(h->length * r->count)) != 0) return fail(ENOMEM);
        h->memory = mmap(NULL, h->length * r->count, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);
        if (h->memory == MAP_FAILED) return h->memory = NULL, fail(ENOMEM);
        for (int i = 0; i < h->buffers; i++) h->bytes[i] = draw(&c->set, h->memory + h->length * (size_t)i);
        c->owner = me;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *b = arg;
        if (b->index >= (uint32_t)h->buffers) return fail(EINVAL);
        b->length = (uint32_t)h->length;
        b->m.offset = (uint32_t)(h->length * b->index);
        b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
        return 0;
    }
    case VIDIOC_QBUF: {
        struct v4l2_buffer *b = arg;
        if (b->index >= (uint32_t)h->buffers || h->queued >= h->buffers) return fail(EINVAL);
        for (int i = 0; i < h->queued; i++)
            if (h->queue[i] == (int)b->index) return fail(EINVAL);
        h->queue[h->queued++] = (int)b->index;
        return 0;
    }
    case VIDIOC_STREAMON:
        if (!h->buffers) return fail(EINVAL);
        h->streaming = 1;
        h->started = now_nanos();
        h->frame = 1;
        return 0;
    case VIDIOC_STREAMOFF:
        h->streaming = h->queued = 0;
        return 0;
    case VIDIOC_DQBUF: {
        struct v4l2_buffer *b = arg;
        int64_t now = now_nanos();
        if (!h->streaming) return fail(EINVAL);
        if (!h->queued || told("stall", h->camera) || now < due(h, c)) return fail(EAGAIN);
        /* Frames that were due while nobody came are lost, but for those that fit the queue. */
        int64_t newest = (now - h->started) * c->set.num / (1000000000LL * c->set.den);
        if (newest - h->frame >= h->queued) h->frame = newest;
        int index = h->queue[0];
        memmove(h->queue, h->queue + 1, sizeof h->queue[0] * (size_t)(--h->queued));
        uint8_t *picture = h->memory + h->length * (size_t)index;
        int black = told("black", h->camera);
        if (black || h->black[index]) set_black(&c->set, picture, black);
        h->black[index] = black;
        h->stuck |= told("stuck", h->camera);
        if (moving && !black) move_bar(&c->set, picture, h->stuck || told("freeze", h->camera) ? 1 : h->frame);
        int64_t stamp = due(h, c);
        b->index = (uint32_t)index;
        b->bytesused = h->bytes[index];
        b->length = (uint32_t)h->length;
        b->field = V4L2_FIELD_NONE;
        b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
        b->sequence = (uint32_t)h->frame;
        b->timestamp.tv_sec = stamp / 1000000000;
        b->timestamp.tv_usec = stamp % 1000000000 / 1000;
        h->frame++;
        return 0;
    }
    default:
        return fail(ENOTTY);
    }
}

static int camera_of(const char *path) {
    if (!path || strncmp(path, "/dev/video", 10) != 0 || !path[10] || path[11]) return -1;
    int index = path[10] - '0';
    return index >= 0 && index < CAMERAS && cameras[index].present ? index : -1;
}

static int open_camera(int index) {
    if (told("unplug", index)) return fail(ENOENT);
    if (told("deny", index)) return fail(EACCES);
    pthread_mutex_lock(&lock);
    struct handle *h = NULL;
    for (int i = 0; i < HANDLES && !h; i++)
        if (!handles[i].used) h = &handles[i];
    int fd = h ? memfd_create("shim-camera", MFD_CLOEXEC) : fail(EMFILE);
    if (fd >= 0) {
        memset(h, 0, sizeof *h);
        h->used = 1;
        h->fd = fd;
        h->camera = index;
    }
    pthread_mutex_unlock(&lock);
    say("v4l2 shim: open video%d gives %d\n", index, fd);
    return fd;
}

#define MODE(mode, flags)                                                                                             \
    mode_t mode = 0;                                                                                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                            \
        va_list args;                                                                                                 \
        va_start(args, flags);                                                                                        \
        mode = (mode_t)va_arg(args, int);                                                                             \
        va_end(args);                                                                                                 \
    }

int open(const char *path, int flags, ...) {
    pthread_once(&once, prepare);
    MODE(mode, flags)
    int index = camera_of(path);
    return index >= 0 ? open_camera(index) : real_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    pthread_once(&once, prepare);
    MODE(mode, flags)
    int index = camera_of(path);
    return index >= 0 ? open_camera(index) : real_open(path, flags | O_LARGEFILE, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    pthread_once(&once, prepare);
    MODE(mode, flags)
    int index = camera_of(path);
    return index >= 0 ? open_camera(index) : real_openat(dir, path, flags, mode);
}

int close(int fd) {
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
    struct handle *h = handle_of(fd);
    if (h) {
        struct camera *c = &cameras[h->camera];
        if (c->owner == (int)(h - handles)) c->owner = -1;
        if (h->memory) munmap(h->memory, h->length * (size_t)h->buffers);
        h->used = 0;
    }
    pthread_mutex_unlock(&lock);
    return real_close(fd);
}

int ioctl(int fd, unsigned long request, ...) {
    pthread_once(&once, prepare);
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    pthread_mutex_lock(&lock);
    struct handle *h = handle_of(fd);
    if (h && request == VIDIOC_STREAMOFF && told("slow", h->camera)) {
        /* Not under the lock: the other handles are answered meanwhile. */
        pthread_mutex_unlock(&lock);
        struct timespec slow = {0, 700000000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &slow, NULL);
        pthread_mutex_lock(&lock);
        h = handle_of(fd);
    }
    int result = h ? answer(h, request, arg) : 0;
    pthread_mutex_unlock(&lock);
    return h ? result : real_ioctl(fd, request, arg);
}

long syscall(long number, ...) {
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_ioctl) return ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
    REAL(syscall);
    return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    pthread_once(&once, prepare);
    if (count != 1) return real_poll(fds, count, timeout);
    int64_t end = timeout < 0 ? INT64_MAX : now_nanos() + (int64_t)timeout * 1000000;
    for (;;) {
        pthread_mutex_lock(&lock);
        struct handle *h = handle_of(fds->fd);
        if (!h) {
            pthread_mutex_unlock(&lock);
            return real_poll(fds, count, timeout);
        }
        int64_t now = now_nanos(), next = now + 20000000;
        fds->revents = 0;
        if (told("unplug", h->camera)) fds->revents = POLLERR | POLLHUP;
        else if (!h->streaming) fds->revents = POLLERR;
        else if (h->queued && !told("stall", h->camera)) {
            int64_t at = due(h, &cameras[h->camera]);
            if (at <= now) fds->revents = POLLIN;
            else if (at < next) next = at;
        }
        pthread_mutex_unlock(&lock);
        if (fds->revents) return 1;
        if (now >= end) return 0;
        if (next > end) next = end;
        struct timespec until = {next / 1000000000, next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}

/* Listings of /dev that are open, each with the camera it tells next: several threads list at once. */
static struct listing {
    DIR *dir;
    int next;
} listings[LISTINGS];

static struct listing *listing_of(DIR *dir) {
    for (int i = 0; dir && i < LISTINGS; i++)
        if (listings[i].dir == dir) return &listings[i];
    return NULL;
}

DIR *opendir(const char *path) {
    pthread_once(&once, prepare);
    DIR *dir = real_opendir(path);
    if (!dir || strcmp(path, "/dev") != 0) return dir;
    pthread_mutex_lock(&lock);
    struct listing *listing = NULL;
    for (int i = 0; i < LISTINGS && !listing; i++)
        if (!listings[i].dir) listing = &listings[i];
    if (!listing) abort();
    *listing = (struct listing){.dir = dir};
    pthread_mutex_unlock(&lock);
    return dir;
}

struct dirent64 *readdir64(DIR *dir) {
    static __thread struct dirent64 entry;
    pthread_once(&once, prepare);
    struct dirent64 *told_entry = real_readdir64(dir);
    if (told_entry) return told_entry;
    pthread_mutex_lock(&lock);
    struct listing *listing = listing_of(dir);
    while (listing && listing->next < CAMERAS && !told_entry) {
        int index = listing->next++;
        if (!cameras[index].present || told("unplug", index)) continue;
        memset(&entry, 0, sizeof entry);
        entry.d_ino = (ino64_t)(1000 + index);
        entry.d_type = DT_CHR;
        entry.d_reclen = sizeof entry;
        snprintf(entry.d_name, sizeof entry.d_name, "video%d", index);
        told_entry = &entry;
    }
    pthread_mutex_unlock(&lock);
    return told_entry;
}

int closedir(DIR *dir) {
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
    struct listing *listing = listing_of(dir);
    if (listing) listing->dir = NULL;
    pthread_mutex_unlock(&lock);
    return real_closedir(dir);
}
