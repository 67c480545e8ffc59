//! Go cases.

use super::{Case, check};

const CASES: &[Case] = &[
    (
        "go.command-injection",
        "package m\nimport (\n\t\"net/http\"\n\t\"os/exec\"\n)\nfunc f(w http.ResponseWriter, r *http.Request) {\n\texec.Command(\"sh\", \"-c\", \"ls \"+r.FormValue(\"d\")) // BAD\n\texec.Command(r.URL.Query().Get(\"c\")) // BAD\n}\n",
    ),
    (
        "go.command-injection",
        "package m\nimport \"os/exec\"\nfunc f(x string) {\n\texec.Command(\"ls\", x)\n\texec.Command(\"sh\", \"-c\", \"ls -l\")\n}\n",
    ),
    (
        "go.sql-injection",
        "package m\nimport \"fmt\"\nfunc f(x string) {\n\tdb.Query(fmt.Sprintf(\"SELECT * FROM t WHERE a = '%s'\", x)) // BAD\n\tdb.Exec(\"DELETE FROM t WHERE a = \" + x) // BAD\n}\n",
    ),
    (
        "go.sql-injection",
        "package m\nimport \"fmt\"\nfunc f(x string, n int) {\n\tdb.Query(\"SELECT * FROM t WHERE a = ?\", x)\n\tdb.Query(fmt.Sprintf(\"SELECT * FROM t LIMIT %d\", n))\n}\n",
    ),
    (
        "go.path-traversal",
        "package m\nimport (\n\t\"net/http\"\n\t\"os\"\n\t\"path/filepath\"\n)\nfunc f(w http.ResponseWriter, r *http.Request) {\n\tos.Open(filepath.Join(\"/srv\", r.FormValue(\"f\"))) // BAD\n}\n",
    ),
    (
        "go.path-traversal",
        "package m\nimport (\n\t\"net/http\"\n\t\"os\"\n\t\"path/filepath\"\n\t\"strings\"\n)\nfunc f(w http.ResponseWriter, r *http.Request, name string) {\n\tos.Open(filepath.Join(\"/srv\", filepath.Base(r.FormValue(\"f\"))))\n\tos.Open(name)\n\tp := filepath.Clean(r.FormValue(\"f\"))\n\tif !strings.HasPrefix(p, \"/srv/\") {\n\t\treturn\n\t}\n\tos.Open(p)\n}\n",
    ),
    (
        "go.cross-site-scripting",
        "package m\nimport (\n\t\"fmt\"\n\t\"html/template\"\n\t\"net/http\"\n)\nfunc f(w http.ResponseWriter, r *http.Request) {\n\tfmt.Fprintf(w, \"<b>%s</b>\", r.FormValue(\"n\")) // BAD\n\t_ = template.HTML(r.FormValue(\"n\")) // BAD\n}\n",
    ),
    (
        "go.cross-site-scripting",
        "package m\nimport (\n\t\"fmt\"\n\t\"html\"\n\t\"net/http\"\n\t\"os\"\n)\nfunc f(w http.ResponseWriter, r *http.Request) {\n\tfmt.Fprintf(w, \"<b>%s</b>\", html.EscapeString(r.FormValue(\"n\")))\n\tfmt.Fprintf(os.Stderr, r.FormValue(\"n\"))\n}\n",
    ),
    (
        "go.template-injection",
        "package m\nimport (\n\t\"net/http\"\n\t\"text/template\"\n)\nfunc f(r *http.Request) {\n\ttemplate.New(\"x\").Parse(r.FormValue(\"t\")) // BAD\n}\n",
    ),
    (
        "go.template-injection",
        "package m\nimport \"text/template\"\nfunc f() {\n\ttemplate.New(\"x\").Parse(\"{{.}}\")\n}\n",
    ),
    (
        "go.server-side-request-forgery",
        "package m\nimport \"net/http\"\nfunc f(r *http.Request) {\n\thttp.Get(r.FormValue(\"u\")) // BAD\n}\n",
    ),
    (
        "go.server-side-request-forgery",
        "package m\nimport \"net/http\"\nfunc f(r *http.Request, u string) {\n\thttp.Get(\"https://api.site/\" + r.FormValue(\"u\"))\n\thttp.Get(u)\n}\n",
    ),
    (
        "go.open-redirect",
        "package m\nimport \"net/http\"\nfunc f(w http.ResponseWriter, r *http.Request) {\n\thttp.Redirect(w, r, r.FormValue(\"next\"), 302) // BAD\n}\n",
    ),
    (
        "go.open-redirect",
        "package m\nimport \"net/http\"\nfunc f(w http.ResponseWriter, r *http.Request) {\n\thttp.Redirect(w, r, \"/home\", 302)\n}\n",
    ),
    (
        "go.weak-hash",
        "package m\nimport \"crypto/md5\"\nfunc f() { md5.New() } // BAD\n",
    ),
    (
        "go.weak-hash",
        "package m\nimport \"crypto/sha256\"\nfunc f() { sha256.New() }\n",
    ),
    (
        "go.weak-cipher",
        "package m\nimport \"crypto/des\"\nfunc f(k []byte) { des.NewCipher(k) } // BAD\n",
    ),
    (
        "go.weak-cipher",
        "package m\nimport \"crypto/aes\"\nfunc f(k []byte) { aes.NewCipher(k) }\n",
    ),
    (
        "go.short-key",
        "package m\nimport (\n\t\"crypto/rand\"\n\t\"crypto/rsa\"\n)\nfunc f() { rsa.GenerateKey(rand.Reader, 1024) } // BAD\n",
    ),
    (
        "go.short-key",
        "package m\nimport (\n\t\"crypto/rand\"\n\t\"crypto/rsa\"\n)\nfunc f() { rsa.GenerateKey(rand.Reader, 2048) }\n",
    ),
    (
        "go.predictable-random",
        "package m\nimport \"math/rand\"\nfunc f() { token := rand.Int63(); use(token) } // BAD\n",
    ),
    (
        "go.predictable-random",
        "package m\nimport \"math/rand\"\nfunc f() { delay := rand.Int63(); use(delay) }\n",
    ),
    (
        "go.tls-verification-off",
        "package m\nimport \"crypto/tls\"\nvar c = &tls.Config{\n\tInsecureSkipVerify: true, // BAD\n}\n",
    ),
    (
        "go.tls-verification-off",
        "package m\nimport \"crypto/tls\"\nvar c = &tls.Config{InsecureSkipVerify: false}\n",
    ),
    (
        "go.outdated-tls",
        "package m\nimport \"crypto/tls\"\nvar c = &tls.Config{MinVersion: tls.VersionTLS10} // BAD\n",
    ),
    (
        "go.outdated-tls",
        "package m\nimport \"crypto/tls\"\nvar c = &tls.Config{MinVersion: tls.VersionTLS12}\n",
    ),
    (
        "go.host-key-unchecked",
        "package m\nimport \"golang.org/x/crypto/ssh\"\nfunc f() { ssh.InsecureIgnoreHostKey() } // BAD\n",
    ),
    (
        "go.host-key-unchecked",
        "package m\nimport \"golang.org/x/crypto/ssh\"\nfunc f() { ssh.FixedHostKey(k) }\n",
    ),
    (
        "go.profiling-endpoint",
        "package m\nimport _ \"net/http/pprof\" // BAD\n",
    ),
    (
        "go.profiling-endpoint",
        "package m\nimport \"net/http/pprof\"\n",
    ),
    (
        "go.bind-all-interfaces",
        "package m\nimport \"net\"\nfunc f() { net.Listen(\"tcp\", \"0.0.0.0:80\") } // BAD\n",
    ),
    (
        "go.bind-all-interfaces",
        "package m\nimport \"net\"\nfunc f() { net.Listen(\"tcp\", \"127.0.0.1:80\") }\n",
    ),
    (
        "go.server-without-timeouts",
        "package m\nimport \"net/http\"\nfunc f() { http.ListenAndServe(\":80\", nil) } // BAD\n",
    ),
    (
        "go.server-without-timeouts",
        "package m\nimport \"net/http\"\nvar s = http.Server{Addr: \":80\", ReadHeaderTimeout: t}\n",
    ),
    (
        "go.insecure-temporary-file",
        "package m\nimport \"os\"\nfunc f() { os.Create(\"/tmp/x\") } // BAD\n",
    ),
    (
        "go.insecure-temporary-file",
        "package m\nimport \"os\"\nfunc f() { os.CreateTemp(\"\", \"x\") }\n",
    ),
    (
        "go.world-writable",
        "package m\nimport \"os\"\nfunc f() { os.Chmod(\"x\", 0777) } // BAD\n",
    ),
    (
        "go.world-writable",
        "package m\nimport \"os\"\nfunc f() { os.Chmod(\"x\", 0o755) }\n",
    ),
    (
        "go.archive-path-traversal",
        "package m\nimport (\n\t\"archive/zip\"\n\t\"path/filepath\"\n)\nfunc f() {\n\tr, _ := zip.OpenReader(\"a.zip\")\n\tfor _, e := range r.File {\n\t\tuse(filepath.Join(\"out\", e.Name)) // BAD\n\t}\n}\n",
    ),
    (
        "go.archive-path-traversal",
        "package m\nimport (\n\t\"archive/zip\"\n\t\"path/filepath\"\n)\nfunc f() {\n\tr, _ := zip.OpenReader(\"a.zip\")\n\tfor _, e := range r.File {\n\t\tif !filepath.IsLocal(e.Name) { continue }\n\t\tuse(filepath.Join(\"out\", e.Name))\n\t}\n}\n",
    ),
    (
        "go.decompression-bomb",
        "package m\nimport (\n\t\"compress/gzip\"\n\t\"io\"\n)\nfunc f(w io.Writer, x io.Reader) {\n\tr, _ := gzip.NewReader(x)\n\tio.Copy(w, r) // BAD\n}\n",
    ),
    (
        "go.decompression-bomb",
        "package m\nimport (\n\t\"compress/gzip\"\n\t\"io\"\n)\nfunc f(w io.Writer, x io.Reader) {\n\tr, _ := gzip.NewReader(x)\n\tio.CopyN(w, r, 10)\n\tio.Copy(w, x)\n}\n",
    ),
    (
        "go.jwt-unverified",
        "package m\nimport \"github.com/golang-jwt/jwt/v5\"\nfunc f(p *jwt.Parser) { p.ParseUnverified(t, c) } // BAD\n",
    ),
    (
        "go.jwt-unverified",
        "package m\nimport \"github.com/golang-jwt/jwt/v5\"\nfunc f(p *jwt.Parser) { p.Parse(t, c) }\n",
    ),
    (
        "go.insecure-cookie",
        "package m\nimport \"net/http\"\nvar c = http.Cookie{Name: \"a\", Secure: false} // BAD\n",
    ),
    (
        "go.insecure-cookie",
        "package m\nimport \"net/http\"\nvar c = http.Cookie{Name: \"a\", Secure: true}\n",
    ),
    (
        "go.unsafe-pointer",
        "package m\nimport \"unsafe\"\nfunc f(x *int) { use(unsafe.Pointer(x)) } // BAD\n",
    ),
    (
        "go.unsafe-pointer",
        "package m\nimport \"unsafe\"\nfunc f(x int) { use(unsafe.Sizeof(x)) }\n",
    ),
];

#[test]
fn every_rule_finds_and_leaves_alone() {
    check("pkg/server.go", "go.", CASES);
}
