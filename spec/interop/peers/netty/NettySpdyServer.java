// SPDY/3.1 test server on Netty's io.netty.handler.codec.spdy (Debian package libnetty-java).
// Built by .ci/peers: java -cp "$(cat .peers/netty/classpath)" NettySpdyServer [--port N] [--tls-port N --p12 FILE (password changeit)]
//   [--h2-port N] [--h1-port N]: the same answers over HTTP/2 (prior knowledge) and HTTP/1.1, plain TCP, for comparison
//   (port 0: any free one, printed in the line "listening ...") [--settings id=value,...] [--ping MS] [--max-header N] [--level 0..9] [-v]
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.*;
import io.netty.channel.*;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.*;
import io.netty.handler.codec.http2.*;
import io.netty.handler.codec.spdy.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

public class NettySpdyServer {
    static final SpdyVersion V = SpdyVersion.SPDY_3_1;
    static boolean verbose;
    static int maxHeader = 16384, level = 6;
    static long pingMs = 0;
    static final Map<Integer, Integer> settings = new LinkedHashMap<>();
    static final byte[] PATTERN = new byte[65536];
    static { for (int i = 0; i < PATTERN.length; i++) PATTERN[i] = (byte) i; }

    public static void main(String[] a) throws Exception {
        int port = -1, tlsPort = -1, h2Port = -1, h1Port = -1; String p12 = null;
        for (int i = 0; i < a.length; i++) {
            switch (a[i]) {
                case "--port": port = Integer.parseInt(a[++i]); break;
                case "--tls-port": tlsPort = Integer.parseInt(a[++i]); break;
                case "--h2-port": h2Port = Integer.parseInt(a[++i]); break;
                case "--h1-port": h1Port = Integer.parseInt(a[++i]); break;
                case "--p12": p12 = a[++i]; break;
                case "--ping": pingMs = Long.parseLong(a[++i]); break;
                case "--max-header": maxHeader = Integer.parseInt(a[++i]); break;
                case "--level": level = Integer.parseInt(a[++i]); break;
                case "--settings": for (String kv : a[++i].split(",")) { String[] p = kv.split("="); settings.put(Integer.parseInt(p[0]), Integer.parseInt(p[1])); } break;
                case "-v": verbose = true; break;
                default: throw new IllegalArgumentException(a[i]);
            }
        }
        NioEventLoopGroup g = new NioEventLoopGroup(1);
        StringBuilder up = new StringBuilder("listening");
        if (port >= 0) up.append(" plain=").append(bind(g, port, NettySpdyServer::spdy));
        if (tlsPort >= 0) up.append(" tls=").append(bind(g, tlsPort, tls(Tls.server(p12, "changeit"))));
        if (h2Port >= 0) up.append(" h2=").append(bind(g, h2Port, NettySpdyServer::h2));
        if (h1Port >= 0) up.append(" h1=").append(bind(g, h1Port, NettySpdyServer::h1));
        System.out.println(up);
    }

    static int bind(EventLoopGroup g, int port, Consumer<ChannelPipeline> fill) throws Exception {
        return ((java.net.InetSocketAddress) new ServerBootstrap().group(g).channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override protected void initChannel(SocketChannel ch) { fill.accept(ch.pipeline()); }
            }).bind("127.0.0.1", port).sync().channel().localAddress()).getPort();
    }

    static Consumer<ChannelPipeline> tls(SSLContext ssl) {
        return p -> Tls.add(p, ssl, false, new String[]{"spdy/3.1"}, (c, proto) -> {
            if (verbose) System.out.println("ALPN " + proto);
            if ("spdy/3.1".equals(proto)) spdy(c.pipeline()); else c.close();
        });
    }

    static void h2(ChannelPipeline p) {
        Http2Connection connection = new DefaultHttp2Connection(true);
        p.addLast(new HttpToHttp2ConnectionHandlerBuilder().connection(connection)
            .frameListener(new InboundHttp2ToHttpAdapterBuilder(connection).maxContentLength(64 << 20).propagateSettings(false).build()).build());
        p.addLast(new StreamIds("x-http2-stream-id"));
        p.addLast(new App());
    }

    static void h1(ChannelPipeline p) {
        p.addLast(new HttpServerCodec());
        p.addLast(new HttpObjectAggregator(64 << 20));
        p.addLast(new StreamIds(null));
        p.addLast(new App());
    }

    /** The application names streams as the codec of SPDY does; {@code name}: the header that another codec has for it, null for none. */
    static class StreamIds extends ChannelDuplexHandler {
        private static final String OURS = "x-spdy-stream-id";
        private final String name;
        StreamIds(String name) { this.name = name; }
        @Override public void channelRead(ChannelHandlerContext c, Object m) {
            if (m instanceof HttpRequest) {
                HttpHeaders h = ((HttpRequest) m).headers();
                h.set(OURS, name == null ? "0" : h.get(name));
            }
            c.fireChannelRead(m);
        }
        @Override public void write(ChannelHandlerContext c, Object m, ChannelPromise done) {
            if (m instanceof HttpResponse) {
                HttpHeaders h = ((HttpResponse) m).headers();
                if (name != null) h.set(name, h.get(OURS));
                h.remove(OURS);
            }
            c.write(m, done);
        }
    }

    static void spdy(ChannelPipeline p) {
        p.addLast(new SpdyFrameCodec(V, 8192, maxHeader, level, 15, 8));
        p.addLast(new SpdySessionHandler(V, true));
        p.addLast(new Watch());
        p.addLast(new SpdyHttpEncoder(V));
        p.addLast(new SpdyHttpDecoder(V, 64 << 20));
        p.addLast(new SpdyHttpResponseStreamIdHandler());
        p.addLast(new App());
    }

    static class Watch extends ChannelInboundHandlerAdapter {
        private boolean started;
        private int pingId = 0;
        private void start(ChannelHandlerContext c) {
            if (started) return;
            started = true;
            if (!settings.isEmpty()) {
                SpdySettingsFrame f = new DefaultSpdySettingsFrame();
                settings.forEach((k, v) -> f.setValue(k, v));
                c.writeAndFlush(f);
            }
            if (pingMs > 0) c.executor().scheduleAtFixedRate(() -> { if (c.channel().isActive()) c.writeAndFlush(new DefaultSpdyPingFrame(pingId += 2)); }, pingMs, pingMs, TimeUnit.MILLISECONDS);
        }
        @Override public void handlerAdded(ChannelHandlerContext c) { if (c.channel().isActive()) start(c); }
        @Override public void channelActive(ChannelHandlerContext c) { start(c); c.fireChannelActive(); }
        @Override public void channelRead(ChannelHandlerContext c, Object m) {
            if (verbose) System.out.println("<- " + String.valueOf(m).replace('\n', ' '));
            c.fireChannelRead(m);
        }
        @Override public void exceptionCaught(ChannelHandlerContext c, Throwable t) { if (verbose) System.out.println("!! " + t); }
    }

    static class App extends SimpleChannelInboundHandler<FullHttpRequest> {
        private int pushId = 0;
        @Override protected void channelRead0(ChannelHandlerContext c, FullHttpRequest q) {
            String uri = q.uri(); int qm = uri.indexOf('?');
            String[] p = (qm < 0 ? uri : uri.substring(0, qm)).split("/", -1);
            int id = q.headers().getInt("x-spdy-stream-id");
            String r = p.length > 1 ? p[1] : "", arg = p.length > 2 ? p[2] : "";
            switch (r) {
                case "bytes": bytes(c, id, Long.parseLong(arg), q.method().equals(HttpMethod.HEAD)); break;
                case "echo": full(c, id, 200, "application/octet-stream", q.content().retain()); break;
                case "headers": full(c, id, 200, "application/json", Unpooled.copiedBuffer(json(q), StandardCharsets.UTF_8)); break;
                case "status": full(c, id, Integer.parseInt(arg), "text/plain", Unpooled.EMPTY_BUFFER); break;
                case "slow": c.executor().schedule(() -> full(c, id, 200, "text/plain", Unpooled.copiedBuffer("slow\n", StandardCharsets.UTF_8)), Integer.parseInt(arg), TimeUnit.MILLISECONDS); break;
                case "push": {
                    pushId += 2;
                    FullHttpRequest pr = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/pushed/" + pushId);
                    pr.headers().set("host", q.headers().get("host", "localhost"));
                    pr.headers().setInt("x-spdy-stream-id", pushId);
                    pr.headers().setInt("x-spdy-associated-to-stream-id", id);
                    pr.headers().setInt("x-spdy-priority", 7);
                    pr.headers().set("x-spdy-scheme", "https");
                    c.write(pr);
                    full(c, pushId, 200, "text/plain", Unpooled.copiedBuffer("pushed " + pushId + "\n", StandardCharsets.UTF_8));
                    full(c, id, 200, "text/plain", Unpooled.copiedBuffer("pusher\n", StandardCharsets.UTF_8));
                    break;
                }
                case "trailers": {
                    HttpResponse h = head(id, 200, "text/plain");
                    c.write(h);
                    c.write(new DefaultHttpContent(Unpooled.copiedBuffer("body\n", StandardCharsets.UTF_8)));
                    LastHttpContent l = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
                    l.trailingHeaders().set("x-trailer", "one").add("x-trailer", "two");
                    c.writeAndFlush(l);
                    break;
                }
                case "multi": {
                    FullHttpResponse f = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.copiedBuffer("multi\n", StandardCharsets.UTF_8));
                    f.headers().setInt("x-spdy-stream-id", id);
                    f.headers().add("Set-Cookie", "a=1").add("Set-Cookie", "b=2").add("x-empty", "");
                    c.writeAndFlush(f);
                    break;
                }
                case "rst": c.pipeline().context(SpdyHttpEncoder.class).writeAndFlush(new DefaultSpdyRstStreamFrame(id, arg.isEmpty() ? 3 : Integer.parseInt(arg))); break;
                case "goaway": full(c, id, 200, "text/plain", Unpooled.copiedBuffer("bye\n", StandardCharsets.UTF_8)); c.close(); break;
                default: full(c, id, r.isEmpty() ? 200 : 404, "text/plain", Unpooled.copiedBuffer("netty spdy/3.1\n", StandardCharsets.UTF_8));
            }
        }
        static HttpResponse head(int id, int status, String type) {
            HttpResponse h = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
            h.headers().setInt("x-spdy-stream-id", id);
            h.headers().set("Content-Type", type);
            return h;
        }
        static void full(ChannelHandlerContext c, int id, int status, String type, ByteBuf body) {
            FullHttpResponse f = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), body);
            f.headers().setInt("x-spdy-stream-id", id);
            f.headers().set("Content-Type", type);
            f.headers().setInt("Content-Length", body.readableBytes());
            c.writeAndFlush(f);
        }
        static void bytes(ChannelHandlerContext c, int id, long n, boolean headOnly) {
            if (n <= 16384 || headOnly) {
                full(c, id, 200, "application/octet-stream", headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.copiedBuffer(PATTERN, 0, (int) n));
                return;
            }
            HttpResponse h = head(id, 200, "application/octet-stream");
            h.headers().set("Content-Length", n);
            c.write(h);
            for (long off = 0; off < n; off += 16384) {
                int len = (int) Math.min(16384, n - off);
                // one HTTP message at a time: SpdyHttpEncoder keeps a single current stream id
                ByteBuf b = Unpooled.wrappedBuffer(PATTERN, 0, len);
                if (off + len < n) c.write(new DefaultHttpContent(b)); else c.write(new DefaultLastHttpContent(b));
            }
            c.flush();
        }
        static String json(FullHttpRequest q) {
            StringBuilder s = new StringBuilder("{\"method\":\"" + q.method() + "\",\"url\":\"" + esc(q.uri()) + "\",\"headers\":{");
            String sep = "";
            for (String n : q.headers().names()) {
                s.append(sep).append('"').append(esc(n)).append("\":");
                List<String> v = q.headers().getAll(n);
                if (v.size() == 1) s.append('"').append(esc(v.get(0))).append('"');
                else { s.append('['); String e = ""; for (String x : v) { s.append(e).append('"').append(esc(x)).append('"'); e = ","; } s.append(']'); }
                sep = ",";
            }
            return s.append("}}").toString();
        }
        static String esc(String s) { return s.replace("\\", "\\\\").replace("\"", "\\\""); }
        @Override public void exceptionCaught(ChannelHandlerContext c, Throwable t) { if (verbose) t.printStackTrace(); }
    }
}
