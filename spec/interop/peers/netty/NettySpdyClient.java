// SPDY/3.1 test client on Netty's io.netty.handler.codec.spdy (Debian package libnetty-java).
// Built by .ci/peers: java -cp "$(cat .peers/netty/classpath)" NettySpdyClient HOST PORT [--tls] [-n REQUESTS] [-m CONCURRENT] [-c CONNECTIONS]
//   [--post BYTES] [--window N] [-H name:value]... [-v] [--dump] PATH[=SHA256]...
// Paths are used round robin, priorities 0..7 likewise. Paths ending in /bytes/N are verified without a given digest.
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.*;
import io.netty.channel.*;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.*;
import io.netty.handler.codec.spdy.*;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class NettySpdyClient {
    static final SpdyVersion V = SpdyVersion.SPDY_3_1;
    static String host; static int port; static boolean tls, verbose, dump;
    static int n = 1, m = 1, conns = 1, post = -1, window = 0;
    static final List<String> paths = new ArrayList<>();
    static final Map<String, String> want = new HashMap<>();
    static final List<String[]> extra = new ArrayList<>();
    static final AtomicInteger next = new AtomicInteger(), done = new AtomicInteger(), ok = new AtomicInteger(), bad = new AtomicInteger(), pushes = new AtomicInteger(), wu = new AtomicInteger(), pings = new AtomicInteger(), rst = new AtomicInteger();
    static final AtomicLong bytes = new AtomicLong();
    static final Map<Integer, AtomicInteger> status = new ConcurrentSkipListMap<>();
    static final Map<Integer, Integer> settings = new ConcurrentSkipListMap<>();
    static final Queue<String> errors = new ConcurrentLinkedQueue<>();
    static volatile String goaway = null, alpn = null;
    static CountDownLatch all;
    static byte[] postBody;

    static String hex(byte[] d) { StringBuilder s = new StringBuilder(); for (byte b : d) s.append(String.format("%02x", b)); return s.toString(); }
    static String sha(ByteBuf b) throws Exception { MessageDigest d = MessageDigest.getInstance("SHA-256"); d.update(b.nioBuffer()); return hex(d.digest()); }

    public static void main(String[] a) throws Exception {
        host = a[0]; port = Integer.parseInt(a[1]);
        for (int i = 2; i < a.length; i++) {
            switch (a[i]) {
                case "--tls": tls = true; break;
                case "-n": n = Integer.parseInt(a[++i]); break;
                case "-m": m = Integer.parseInt(a[++i]); break;
                case "-c": conns = Integer.parseInt(a[++i]); break;
                case "--post": post = Integer.parseInt(a[++i]); break;
                case "--window": window = Integer.parseInt(a[++i]); break;
                case "-H": { String h = a[++i]; int c = h.indexOf(':', 1); extra.add(new String[]{h.substring(0, c), h.substring(c + 1).trim()}); break; }
                case "-v": verbose = true; break;
                case "--dump": dump = true; break;
                default: { int e = a[i].indexOf('='); String p = e < 0 ? a[i] : a[i].substring(0, e); paths.add(p); if (e >= 0) want.put(p, a[i].substring(e + 1)); }
            }
        }
        if (paths.isEmpty()) paths.add("/");
        if (n < paths.size()) n = paths.size();
        if (post >= 0) { postBody = new byte[post]; for (int i = 0; i < post; i++) postBody[i] = (byte) i; }
        for (String p : paths) {
            if (want.containsKey(p)) continue;
            int k = p.lastIndexOf("/bytes/");
            if (k >= 0) { int len = Integer.parseInt(p.substring(k + 7)); byte[] b = new byte[len]; for (int i = 0; i < len; i++) b[i] = (byte) i; want.put(p, hex(MessageDigest.getInstance("SHA-256").digest(b))); }
            else if (post >= 0 && p.endsWith("/echo")) want.put(p, hex(MessageDigest.getInstance("SHA-256").digest(postBody)));
        }
        javax.net.ssl.SSLContext ssl = tls ? Tls.client() : null;
        all = new CountDownLatch(n);
        NioEventLoopGroup g = new NioEventLoopGroup(1);
        Bootstrap b = new Bootstrap().group(g).channel(NioSocketChannel.class).option(ChannelOption.TCP_NODELAY, true).handler(new ChannelInitializer<SocketChannel>() {
            @Override protected void initChannel(SocketChannel ch) {
                if (ssl == null) { spdy(ch.pipeline()); return; }
                Tls.add(ch.pipeline(), ssl, true, new String[]{"spdy/3.1"}, (c, proto) -> {
                    alpn = proto;
                    if ("spdy/3.1".equals(proto)) spdy(c.pipeline()); else { errors.add("ALPN gave " + proto); c.close(); }
                });
            }
        });
        long t0 = System.nanoTime();
        try { for (int i = 0; i < conns; i++) b.connect(host, port).sync(); }
        catch (Exception x) { System.out.println("{\"client\":\"netty\",\"errors\":[\"" + x.getMessage() + "\"]}"); System.exit(2); }
        boolean in = all.await(60, TimeUnit.SECONDS);
        double dt = (System.nanoTime() - t0) / 1e9;
        StringBuilder e = new StringBuilder(); int k = 0; for (String s : errors) { if (k++ == 10) break; if (k > 1) e.append(','); e.append('"').append(s.replace('"', '\'')).append('"'); }
        System.out.printf("{\"client\":\"netty\",\"tls\":%s,\"alpn\":%s,\"requests\":%d,\"ok\":%d,\"bad\":%d,\"unfinished\":%d,\"status\":%s,\"seconds\":%.3f,\"requests_per_s\":%.1f,\"mb_per_s\":%.2f,\"pushes\":%d,\"settings\":\"%s\",\"window_updates_in\":%d,\"pings_in\":%d,\"rst_in\":%d,\"goaway\":%s,\"errors\":[%s]}%n",
            tls, alpn == null ? "null" : "\"" + alpn + "\"", n, ok.get(), bad.get(), n - done.get(), json(status), dt, done.get() / dt, bytes.get() / dt / 1e6, pushes.get(), settings, wu.get(), pings.get(), rst.get(), goaway == null ? "null" : "\"" + goaway + "\"", e);
        g.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS);
        System.exit(in && bad.get() == 0 ? 0 : 1);
    }
    static String json(Map<Integer, AtomicInteger> m) { StringBuilder s = new StringBuilder("{"); m.forEach((k, v) -> s.append(s.length() > 1 ? "," : "").append('"').append(k).append("\":").append(v)); return s.append('}').toString(); }

    static void spdy(ChannelPipeline p) {
        p.addLast(new SpdyFrameCodec(V));
        p.addLast(new SpdySessionHandler(V, false));
        Client app = new Client();
        p.addLast(new ChannelInboundHandlerAdapter() {
            @Override public void channelRead(ChannelHandlerContext c, Object f) {
                if (verbose) System.err.println("<- " + String.valueOf(f).replace('\n', ' '));
                if (f instanceof SpdySettingsFrame) for (int id : ((SpdySettingsFrame) f).ids()) settings.put(id, ((SpdySettingsFrame) f).getValue(id));
                if (f instanceof SpdyWindowUpdateFrame) wu.incrementAndGet();
                if (f instanceof SpdyPingFrame) pings.incrementAndGet();
                if (f instanceof SpdyGoAwayFrame) goaway = "last=" + ((SpdyGoAwayFrame) f).lastGoodStreamId() + " status=" + ((SpdyGoAwayFrame) f).status().code();
                if (f instanceof SpdyRstStreamFrame) { rst.incrementAndGet(); app.reset(c, ((SpdyRstStreamFrame) f).streamId(), ((SpdyRstStreamFrame) f).status()); }
                c.fireChannelRead(f);
            }
            @Override public void exceptionCaught(ChannelHandlerContext c, Throwable t) { errors.add(String.valueOf(t)); }
        });
        p.addLast(new SpdyHttpEncoder(V));
        p.addLast(new SpdyHttpDecoder(V, 256 << 20));
        p.addLast(app);
    }

    static class Client extends SimpleChannelInboundHandler<FullHttpMessage> {
        private int id = -1; private boolean started;
        private final Map<Integer, String> open = new HashMap<>();
        private ChannelHandlerContext ctx;
        private void start(ChannelHandlerContext c) {
            if (started) return; started = true; ctx = c;
            if (window > 0) { SpdySettingsFrame f = new DefaultSpdySettingsFrame(); f.setValue(7, window); c.pipeline().context(SpdyHttpEncoder.class).write(f); }
            for (int i = 0; i < m; i++) one(c);
            c.flush();
        }
        @Override public void handlerAdded(ChannelHandlerContext c) { if (c.channel().isActive()) start(c); }
        @Override public void channelActive(ChannelHandlerContext c) { start(c); }
        private void one(ChannelHandlerContext c) {
            int k = next.getAndIncrement();
            if (k >= n) { if (open.isEmpty()) c.close(); return; }
            String path = paths.get(k % paths.size());
            id += 2;
            open.put(id, path);
            FullHttpRequest q = post >= 0 ? new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, path, Unpooled.wrappedBuffer(postBody)) : new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, path);
            q.headers().set("Host", host + ":" + port).set("User-Agent", "netty-spdy-test").set("Accept", "*/*");
            if (post >= 0) q.headers().setInt("Content-Length", post);
            for (String[] h : extra) q.headers().add(h[0], h[1]);
            q.headers().setInt("x-spdy-stream-id", id).setInt("x-spdy-priority", k & 7).set("x-spdy-scheme", tls ? "https" : "http");
            final int me = id;
            c.write(q).addListener(f -> { if (!f.isSuccess()) { String was = open.remove(me); if (was != null) finish(c, false, "write " + was + ": " + f.cause()); } });
        }
        private void finish(ChannelHandlerContext c, boolean good, String why) {
            if (good) ok.incrementAndGet(); else { bad.incrementAndGet(); errors.add(why); }
            done.incrementAndGet(); all.countDown(); one(c); c.flush();
        }
        void reset(ChannelHandlerContext c, int sid, SpdyStreamStatus s) {
            String was = open.remove(sid);
            if (was != null) finish(ctx, false, "RST_STREAM " + s + " on " + was);
        }
        @Override protected void channelRead0(ChannelHandlerContext c, FullHttpMessage msg) throws Exception {
            int sid = msg.headers().getInt("x-spdy-stream-id");
            if (msg instanceof FullHttpRequest) { if (verbose) System.err.println("push " + ((FullHttpRequest) msg).uri()); return; }
            FullHttpResponse r = (FullHttpResponse) msg;
            bytes.addAndGet(r.content().readableBytes());
            if (dump) System.err.println(r.status() + " " + r.headers().entries() + "\n" + r.content().toString(StandardCharsets.UTF_8));
            if (sid % 2 == 0) { pushes.incrementAndGet(); return; }
            String path = open.remove(sid);
            if (path == null) { errors.add("unexpected reply on " + sid); return; }
            status.computeIfAbsent(r.status().code(), x -> new AtomicInteger()).incrementAndGet();
            String w = want.get(path);
            if (w != null && !w.equals(sha(r.content()))) finish(c, false, "digest mismatch on " + path + " (" + r.content().readableBytes() + " bytes, status " + r.status().code() + ")");
            else finish(c, true, null);
        }
        @Override public void channelInactive(ChannelHandlerContext c) {
            for (String p : open.values()) { bad.incrementAndGet(); errors.add("connection closed during " + p); done.incrementAndGet(); all.countDown(); }
            open.clear();
        }
        @Override public void exceptionCaught(ChannelHandlerContext c, Throwable t) { errors.add(String.valueOf(t)); }
    }
}
