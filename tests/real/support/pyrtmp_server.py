"""An RTMP server on pyrtmp that writes what one publisher sends to an FLV file: PORT FILE"""
import asyncio
import logging
import sys

from pyrtmp import rtmp
from pyrtmp.flv import FLVFileWriter, FLVMediaType

logging.getLogger().setLevel(logging.WARNING)
rtmp.logger.setLevel(logging.WARNING)
port, path = int(sys.argv[1]), sys.argv[2]


class Recorder(rtmp.SimpleRTMPController):
    def __init__(self):
        self.flv = FLVFileWriter(path)

    async def on_video_message(self, session, message):
        self.flv.write(message.timestamp, message.payload, FLVMediaType.VIDEO)

    async def on_audio_message(self, session, message):
        self.flv.write(message.timestamp, message.payload, FLVMediaType.AUDIO)

    async def cleanup(self, session):
        self.flv.close()
        print("closed", flush=True)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: rtmp.RTMPProtocol(controller=Recorder()), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


asyncio.run(main())
