import ctypes
import decimal
import hashlib
import json
import sqlite3
import ssl
import sys
import threading
import zlib

assert sys.flags.utf8_mode == 1
found = []
thread = threading.Thread(target=lambda: found.append(zlib.crc32(b"sandlot")))
thread.start()
thread.join()
database = sqlite3.connect(":memory:")
row = database.execute("select 6 * 7").fetchone()
print(json.dumps({"crc": found[0], "answer": row[0]}), hashlib.sha256(b"").hexdigest()[:8])
print(decimal.Decimal("0.1") + decimal.Decimal("0.2"), bool(ssl.OPENSSL_VERSION), "ä€😀")
