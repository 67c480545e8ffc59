//! JavaScript and TypeScript cases.

use super::{Case, check};

const CASES: &[Case] = &[
    (
        "javascript.command-injection",
        "const { exec } = require('child_process');\napp.get('/', (req, res) => {\n  exec('ls ' + req.query.d); // BAD\n});\n",
    ),
    (
        "javascript.command-injection",
        "import * as cp from 'node:child_process';\nexport function f(x) {\n  cp.execSync(`ls ${x}`); // BAD\n  cp.spawn('sh', ['-c', 'ls ' + x]); // BAD\n}\n",
    ),
    (
        "javascript.command-injection",
        "const cp = require('child_process');\nfunction f(x) {\n  cp.exec('ls');\n  cp.execFile('ls', [x]);\n  /a/.exec(x);\n  // cp.exec(x)\n}\n",
    ),
    (
        "javascript.sql-injection",
        "app.get('/', async (req, res) => {\n  await db.query(`SELECT * FROM t WHERE a = '${req.params.id}'`); // BAD\n});\n",
    ),
    (
        "javascript.sql-injection",
        "app.get('/', async (req, res) => {\n  await db.query('SELECT * FROM t WHERE a = ?', [req.params.id]);\n  await sql`SELECT * FROM t WHERE a = ${req.params.id}`;\n  await db.query('SELECT * FROM t WHERE a = ' + parseInt(req.query.n));\n});\n",
    ),
    (
        "javascript.nosql-injection",
        "app.post('/', (req, res) => {\n  User.findOne({ name: req.body.name }); // BAD\n});\n",
    ),
    (
        "javascript.nosql-injection",
        "app.post('/', (req, res) => {\n  User.findOne({ name: String(req.body.name) + '' });\n  User.findOne({ name: 'x' });\n  list.find((x) => x === req.body.name);\n});\n",
    ),
    (
        "javascript.nosql-injection",
        "function f(id) {\n  users.find({ $where: `this.id == ${id}` }); // BAD\n  users.find({ $where: 'this.a' });\n}\n",
    ),
    (
        "javascript.code-injection",
        "function f(x) {\n  eval(x); // BAD\n  new Function('a', x); // BAD\n}\n",
    ),
    (
        "javascript.code-injection",
        "eval('1');\nsetTimeout(() => f(x), 1);\nsetTimeout(f, 1);\n",
    ),
    (
        "javascript.unsafe-deserialization",
        "const s = require('node-serialize');\nfunction f(x) { s.unserialize(x); } // BAD\n",
    ),
    (
        "javascript.unsafe-deserialization",
        "function f(x) { JSON.parse(x); }\n",
    ),
    (
        "javascript.path-traversal",
        "const fs = require('fs');\nconst path = require('path');\napp.get('/', (req, res) => {\n  fs.readFile(path.join(__dirname, req.query.f), cb); // BAD\n  res.sendFile(req.query.f); // BAD\n});\n",
    ),
    (
        "javascript.path-traversal",
        "const fs = require('fs');\nconst path = require('path');\napp.get('/', (req, res) => {\n  fs.readFile(path.join('/srv', path.basename(req.query.f)), cb);\n  res.sendFile(req.query.f, { root: '/srv' });\n  const p = path.resolve('/srv', req.query.f);\n  if (!p.startsWith('/srv/')) { return res.status(403).end(); }\n  fs.readFile(p, cb);\n});\nfunction g(name) { fs.readFile(name, cb); }\n",
    ),
    (
        "javascript.cross-site-scripting",
        "app.get('/', (req, res) => {\n  res.send('<b>' + req.query.n + '</b>'); // BAD\n});\nel.innerHTML = location.hash; // BAD\ndocument.write(document.referrer); // BAD\n",
    ),
    (
        "javascript.cross-site-scripting",
        "import DOMPurify from 'dompurify';\napp.get('/', (req, res) => {\n  res.json({ n: req.query.n });\n  res.send('ok');\n});\nel.innerHTML = DOMPurify.sanitize(location.hash);\nel.textContent = location.hash;\nel.innerHTML = '<b>x</b>';\n",
    ),
    (
        "javascript.template-injection",
        "const ejs = require('ejs');\napp.get('/', (req, res) => { ejs.render(req.query.t); }); // BAD\n",
    ),
    (
        "javascript.template-injection",
        "const ejs = require('ejs');\napp.get('/', (req, res) => { ejs.render('<%= t %>', { t: req.query.t }); });\n",
    ),
    (
        "javascript.server-side-request-forgery",
        "const axios = require('axios');\napp.get('/', async (req, res) => {\n  await axios.get(req.query.url); // BAD\n  await fetch(`http://${req.query.host}/x`); // BAD\n});\n",
    ),
    (
        "javascript.server-side-request-forgery",
        "app.get('/', async (req, res) => {\n  await fetch(`https://api.site/users/${req.query.id}`);\n});\nfetch(location.href);\nfunction f(u) { fetch(u); }\n",
    ),
    (
        "javascript.open-redirect",
        "app.get('/', (req, res) => {\n  res.redirect(req.query.next); // BAD\n});\n",
    ),
    (
        "javascript.open-redirect",
        "app.get('/', (req, res) => {\n  res.redirect('/home');\n  res.redirect('/users/' + req.query.id);\n});\n",
    ),
    (
        "javascript.weak-hash",
        "import crypto from 'crypto';\ncrypto.createHash('md5'); // BAD\n",
    ),
    (
        "javascript.weak-hash",
        "import crypto from 'crypto';\ncrypto.createHash('sha256');\n",
    ),
    (
        "javascript.weak-cipher",
        "const crypto = require('crypto');\ncrypto.createCipheriv('des-cbc', k, i); // BAD\ncrypto.createCipheriv('aes-128-ecb', k, null); // BAD\n",
    ),
    (
        "javascript.weak-cipher",
        "const crypto = require('crypto');\ncrypto.createCipheriv('aes-256-gcm', k, i);\n",
    ),
    (
        "javascript.predictable-random",
        "const token = Math.random().toString(36); // BAD\n",
    ),
    (
        "javascript.predictable-random",
        "const delay = Math.random();\nconst token = crypto.randomUUID();\n",
    ),
    (
        "javascript.tls-verification-off",
        "const agent = new https.Agent({\n  rejectUnauthorized: false, // BAD\n});\nprocess.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // BAD\n",
    ),
    (
        "javascript.tls-verification-off",
        "const agent = new https.Agent({ rejectUnauthorized: true });\n",
    ),
    (
        "javascript.outdated-tls",
        "tls.connect({ minVersion: 'TLSv1' }); // BAD\n",
    ),
    (
        "javascript.outdated-tls",
        "tls.connect({ minVersion: 'TLSv1.3' });\n",
    ),
    (
        "javascript.bind-all-interfaces",
        "server.listen(80, '0.0.0.0'); // BAD\n",
    ),
    (
        "javascript.bind-all-interfaces",
        "server.listen(80, '127.0.0.1');\n",
    ),
    (
        "javascript.world-writable",
        "const fs = require('fs');\nfs.chmodSync('f', 0o777); // BAD\n",
    ),
    (
        "javascript.world-writable",
        "const fs = require('fs');\nfs.chmodSync('f', 0o755);\n",
    ),
    (
        "javascript.xml-external-entities",
        "const libxmljs = require('libxmljs');\nlibxmljs.parseXml(x, { noent: true }); // BAD\n",
    ),
    (
        "javascript.xml-external-entities",
        "const libxmljs = require('libxmljs');\nlibxmljs.parseXml(x);\n",
    ),
    (
        "javascript.jwt-unverified",
        "const jwt = require('jsonwebtoken');\njwt.verify(t, k, { algorithms: ['none'] }); // BAD\n",
    ),
    (
        "javascript.jwt-unverified",
        "const jwt = require('jsonwebtoken');\njwt.verify(t, k, { algorithms: ['HS256'] });\n",
    ),
    (
        "javascript.insecure-cookie",
        "app.get('/', (req, res) => { res.cookie('a', 'b', { secure: false }); }); // BAD\n",
    ),
    (
        "javascript.insecure-cookie",
        "app.get('/', (req, res) => { res.cookie('a', 'b', { secure: true }); });\n",
    ),
    (
        "javascript.regex-from-outside",
        "app.get('/', (req, res) => { new RegExp(req.query.p); }); // BAD\n",
    ),
    (
        "javascript.regex-from-outside",
        "function f(p) { new RegExp(p); }\n",
    ),
    (
        "javascript.prototype-pollution",
        "app.post('/', (req, res) => {\n  store[req.body.key] = 1; // BAD\n});\n",
    ),
    (
        "javascript.prototype-pollution",
        "app.post('/', (req, res) => {\n  store['a'] = req.body.key;\n  store['x:' + req.body.key] = 1;\n});\n",
    ),
];

#[test]
fn every_rule_finds_and_leaves_alone() {
    check("src/app.js", "javascript.", CASES);
}

#[test]
fn typescript_is_read_by_its_own_grammars() {
    let typed: Case = (
        "javascript.command-injection",
        "import { exec } from 'child_process';\nexport function f(r: Request, res: Response): void {\n  exec(`ls ${r.query.d as string}`); // BAD\n}\n",
    );
    let component: Case = (
        "javascript.cross-site-scripting",
        "export const A = (p: { html: string }) => {\n  return (<div\n    dangerouslySetInnerHTML={{ __html: p.html }} // BAD\n  />);\n};\n",
    );
    super::check("src/app.ts", "none.", &[typed]);
    super::check("src/app.tsx", "none.", &[component]);
}
