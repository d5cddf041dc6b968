#!/usr/bin/python3
# SPDY/3 client on Qt 5's QNetworkAccessManager (Debian package python3-pyqt5), without a display. TLS only; ALPN offers spdy/3, http/1.1.
# qtspdy.py [-n REQUESTS] [-m CONCURRENT] [--post BYTES] [--timeout S] [-H NAME:VALUE]... [--dump] URL...
# URLs are used round robin, priorities high, normal, low likewise. Bodies of /bytes/N, and of /echo with --post, are verified.
# Prints one line of JSON; the status is not 0 when anything was wrong or is missing.
import argparse
import hashlib
import json
import os
import sys

from PyQt5.QtCore import QByteArray, QCoreApplication, QTimer, QUrl
from PyQt5.QtNetwork import QNetworkAccessManager, QNetworkRequest, QSslSocket

parser = argparse.ArgumentParser()
parser.add_argument('-n', type=int, default=1)
parser.add_argument('-m', type=int, default=6)
parser.add_argument('--post', type=int)
parser.add_argument('--timeout', type=int, default=30)
parser.add_argument('-H', action='append', default=[], dest='headers')
parser.add_argument('--dump', action='store_true')
parser.add_argument('urls', nargs='+')
args = parser.parse_args()
count = max(args.n, len(args.urls))
PRIORITIES = [QNetworkRequest.HighPriority, QNetworkRequest.NormalPriority, QNetworkRequest.LowPriority]


def pattern(length):
    return (bytes(range(256)) * (length // 256 + 1))[:length]


def expected(url):
    if '/bytes/' in url:
        return pattern(int(url.rsplit('/', 1)[1]))
    return pattern(args.post) if args.post is not None and url.endswith('/echo') else None


app = QCoreApplication(sys.argv[:1])
manager = QNetworkAccessManager()
seen = dict(ok=0, bad=0, status={}, spdy=0, protocol=None, errors=[], replies=[])
begun = done = 0
replies = set()


def start():
    global begun
    if begun >= count:
        return
    url = args.urls[begun % len(args.urls)]
    request = QNetworkRequest(QUrl(url))
    request.setAttribute(QNetworkRequest.SpdyAllowedAttribute, True)
    request.setAttribute(QNetworkRequest.Http2AllowedAttribute, False)
    request.setAttribute(QNetworkRequest.CacheLoadControlAttribute, QNetworkRequest.AlwaysNetwork)
    request.setPriority(PRIORITIES[begun % 3])
    begun += 1
    tls = request.sslConfiguration()
    tls.setPeerVerifyMode(QSslSocket.VerifyNone)
    tls.setAllowedNextProtocols([QByteArray(b'spdy/3'), QByteArray(b'http/1.1')])
    request.setSslConfiguration(tls)
    for field in args.headers:
        name, _, value = field.partition(':')
        request.setRawHeader(name.encode(), value.encode())
    if args.post is None:
        reply = manager.get(request)
    else:
        request.setHeader(QNetworkRequest.ContentTypeHeader, 'application/octet-stream')
        reply = manager.post(request, QByteArray(pattern(args.post)))
    replies.add(reply)
    reply.sslErrors.connect(lambda _errors: reply.ignoreSslErrors())
    reply.finished.connect(lambda: finish(reply, url))


def finish(reply, url):
    global done
    replies.discard(reply)
    body = bytes(reply.readAll())
    status = reply.attribute(QNetworkRequest.HttpStatusCodeAttribute)
    seen['status'][str(status)] = seen['status'].get(str(status), 0) + 1
    seen['protocol'] = bytes(reply.sslConfiguration().nextNegotiatedProtocol()).decode() or seen['protocol']
    if reply.attribute(QNetworkRequest.SpdyWasUsedAttribute):
        seen['spdy'] += 1
    want = expected(url)
    if status is None:
        fail('%s: %s' % (url, reply.errorString()))
    elif want is not None and hashlib.sha256(body).digest() != hashlib.sha256(want).digest():
        fail('%s: another body (%d bytes, status %s)' % (url, len(body), status))
    else:
        seen['ok'] += 1
    if args.dump:
        headers = {bytes(name).decode(): bytes(value).decode() for name, value in reply.rawHeaderPairs()}
        seen['replies'].append(dict(url=url, status=status, headers=headers, body=body.decode('utf-8', 'replace')))
    reply.deleteLater()
    done += 1
    if done == count:
        app.quit()
    else:
        start()


def fail(message):
    seen['bad'] += 1
    seen['errors'].append(message)


QTimer.singleShot(0, lambda: [start() for _ in range(args.m)])
QTimer.singleShot(args.timeout * 1000, app.quit)
app.exec_()
seen['unfinished'] = count - done
print(json.dumps(seen))
sys.stdout.flush()
# Qt's own end may hang on connections that are open.
os._exit(0 if seen['bad'] == 0 and seen['unfinished'] == 0 else 1)
