"""Drives Python's websockets for one guest of parlor.v1, by its own reconnecting iterator.

    python3 websockets_driver.py URL NAME LINES

Says LINES lines, and goes on listening until it is killed. Writes each frame that came, and what it
said as {"type": "said", "id", "text"}, as a line of JSON each; what they amount to is for the reader.
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL, NAME, LINES = sys.argv[1], sys.argv[2], int(sys.argv[3])
PAUSE_S = 0.02


class Guest:
    def __init__(self):
        self.session = self.epoch = self.member = None
        self.head = 0
        self.said = 0
        self.unacknowledged = {}

    def join(self):
        frame = {"type": "join", "name": NAME}
        if self.session:
            frame |= {"session": self.session, "after": {"epoch": self.epoch, "seq": self.head}}
        return frame

    def take(self, frame):
        if frame["type"] == "batch":
            for inner in frame["frames"]:
                self.take(inner)
        elif frame["type"] == "welcome":
            self.session, self.epoch, self.member = frame["session"], frame["epoch"], frame["you"]["id"]
            for message in frame["messages"]:
                self.take(message)
            self.head = max(self.head, frame["head"])
        elif frame["type"] == "message":
            self.head = max(self.head, frame["seq"])
            if frame["from"]["id"] == self.member:
                self.unacknowledged.pop(frame["id"], None)


def tell(frame):
    print(json.dumps(frame), flush=True)


async def talk(guest, socket):
    while guest.said < LINES:
        guest.said += 1
        frame = {"type": "send", "id": f"line-{guest.said}", "text": f"{NAME} says {guest.said}"}
        guest.unacknowledged[frame["id"]] = frame
        tell({**frame, "type": "said"})
        await socket.send(json.dumps(frame))
        await asyncio.sleep(PAUSE_S)


async def stay(guest, socket):
    await socket.send(json.dumps(guest.join()))
    talking = None
    try:
        async for text in socket:
            frame = json.loads(text)
            tell(frame)
            guest.take(frame)
            if frame["type"] == "welcome":
                for frame in list(guest.unacknowledged.values()):
                    await socket.send(json.dumps(frame))
                talking = asyncio.create_task(talk(guest, socket))
    finally:
        if talking:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


async def main():
    guest = Guest()
    patience = {"ping_interval": 0.5, "ping_timeout": 1.5, "open_timeout": 3, "close_timeout": 1}
    async for socket in connect(URL, subprotocols=["parlor.v1"], **patience):
        try:
            await stay(guest, socket)
        except ConnectionClosed:
            pass


asyncio.run(main())
