"""A web server for pages of other origins: HTTPS with the certificate that the authority's local CA has issued."""

import http.server
import ssl
import threading


class PageServer:
    """Serves one page of HTML at every path, on a port of its own. `/moved?URL` redirects to that URL."""

    def __init__(self, tls_folder, html="<!doctype html><title>page</title>", host="localhost"):
        # What it was asked for.
        self.paths = []
        page_server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page_server.paths.append(self.path)
                if self.path.startswith("/moved?"):
                    self.send_response(307)
                    self.send_header("Location", self.path.removeprefix("/moved?"))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                content = html.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls_folder + "/server.pem", tls_folder + "/server-key.pem")
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.origin = f"https://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
