//! Python cases.

use super::{Case, check};

const CASES: &[Case] = &[
    (
        "python.command-injection",
        "import os\nfrom flask import request\ndef f():\n    os.system('ls ' + request.args.get('d'))  # BAD\n",
    ),
    (
        "python.command-injection",
        "from subprocess import run as r\ndef f(x):\n    r(f'ls {x}', shell=True)  # BAD\n    r(['ls', x])\n    r('ls', shell=True)\n",
    ),
    (
        "python.command-injection",
        "import subprocess\ndef f(x):\n    subprocess.run(['sh', '-c', 'ls ' + x])  # BAD\n    subprocess.call(x, shell=1)  # BAD\n",
    ),
    (
        "python.command-injection",
        "import os\ndef run(c):\n    os.popen(c)  # BAD\ndef g(request):\n    run(request.GET['c'])\n",
    ),
    (
        "python.command-injection",
        "import os, shlex\ndef f(request):\n    os.system('ls ' + shlex.quote(request.GET['d']))\n    d = request.GET['d']\n    if d not in ('a', 'b'):\n        return\n    os.system('ls ' + d)\n",
    ),
    (
        "python.command-injection",
        "import os\n# os.system(x)\ntext = 'os.system(request.args)'\nos.system('ls -l')\nn = 86\ndef f(request):\n    d = 'fixed' if 7 * 18 + n > 200 else request.GET['d']\n    os.system('ls ' + d)\n",
    ),
    (
        "python.command-injection",
        "import os\ndef f(request):\n    m = {}\n    m['a'] = request.GET['d']\n    m['b'] = 'fixed'\n    os.system('ls ' + m['b'])\n    os.system('ls ' + m['a'])  # BAD\n",
    ),
    (
        "python.sql-injection",
        "def f(cursor, request):\n    cursor.execute('SELECT * FROM t WHERE a = %s' % request.GET['a'])  # BAD\n    cursor.execute(f\"DELETE FROM t WHERE a = '{request.POST['b']}'\")  # BAD\n",
    ),
    (
        "python.sql-injection",
        "def f(db, name):\n    sql = 'SELECT * FROM t WHERE a = ' + name\n    db.execute(sql)  # BAD\n",
    ),
    (
        "python.sql-injection",
        "def f(cursor, request):\n    cursor.execute('SELECT * FROM t WHERE a = %s', [request.GET['a']])\n    cursor.execute('SELECT * FROM t WHERE a = %d' % int(request.GET['a']))\n    pool.execute(task + 'select')\n",
    ),
    (
        "python.code-injection",
        "def f(request):\n    eval(request.GET['x'])  # BAD\n    exec(open('x').read())  # BAD\n",
    ),
    (
        "python.code-injection",
        "eval('1 + 1')\nimport ast\ndef f(x, model):\n    ast.literal_eval(x)\n    model.eval()\n",
    ),
    (
        "python.unsafe-deserialization",
        "import pickle, yaml\ndef f(data):\n    pickle.loads(data)  # BAD\n    yaml.load(data)  # BAD\n",
    ),
    (
        "python.unsafe-deserialization",
        "import json, yaml\ndef f(data):\n    json.loads(data)\n    yaml.safe_load(data)\n    yaml.load(data, Loader=yaml.SafeLoader)\n",
    ),
    (
        "python.path-traversal",
        "import os\ndef f(request):\n    open(os.path.join('/srv', request.GET['f']))  # BAD\n",
    ),
    (
        "python.path-traversal",
        "import os, sys\nfrom werkzeug.utils import secure_filename\ndef f(request, name):\n    open('/srv/' + secure_filename(request.GET['f']))\n    open(name)\n    open(sys.argv[1])\n    p = os.path.join('/srv', request.GET['f'])\n    if not os.path.realpath(p).startswith('/srv/'):\n        raise ValueError\n    open(p)\n",
    ),
    (
        "python.cross-site-scripting",
        "from django.http import HttpResponse\nfrom django.utils.safestring import mark_safe\ndef f(request, name):\n    mark_safe('<b>' + name + '</b>')  # BAD\n    return HttpResponse('<p>' + request.GET['q'])  # BAD\n",
    ),
    (
        "python.cross-site-scripting",
        "from flask import request\n@app.route('/')\ndef f():\n    return '<b>' + request.args['q'] + '</b>'  # BAD\n",
    ),
    (
        "python.cross-site-scripting",
        "import html\nfrom django.http import HttpResponse, JsonResponse\ndef f(request):\n    HttpResponse(html.escape(request.GET['q']))\n    HttpResponse(request.GET['q'], content_type='text/plain')\n    return JsonResponse({'q': request.GET['q']})\n",
    ),
    (
        "python.template-without-escaping",
        "import jinja2\njinja2.Environment(loader=x)  # BAD\njinja2.Environment(autoescape=False)  # BAD\n",
    ),
    (
        "python.template-without-escaping",
        "import jinja2\njinja2.Environment(autoescape=True)\njinja2.Environment(autoescape=jinja2.select_autoescape())\n",
    ),
    (
        "python.template-injection",
        "from flask import request, render_template_string\ndef f():\n    return render_template_string('Hi ' + request.args['n'])  # BAD\n",
    ),
    (
        "python.template-injection",
        "from flask import request, render_template_string\ndef f():\n    return render_template_string('Hi {{ n }}', n=request.args['n'])\n",
    ),
    (
        "python.server-side-request-forgery",
        "import requests\ndef f(request):\n    requests.get(request.GET['u'])  # BAD\n",
    ),
    (
        "python.server-side-request-forgery",
        "import requests\ndef f(request, url):\n    requests.get('https://api.site/' + request.GET['u'])\n    requests.get(url)\n",
    ),
    (
        "python.open-redirect",
        "from flask import redirect, request\ndef f():\n    return redirect(request.args['next'])  # BAD\n",
    ),
    (
        "python.open-redirect",
        "from flask import redirect, request, url_for\ndef f():\n    redirect(url_for('page', n=request.args['n']))\n    return redirect('/users/' + request.args['n'])\n",
    ),
    (
        "python.ldap-injection",
        "from flask import request\nfrom app import directory\ndef f():\n    conn = directory.connect()\n    conn.search('ou=users', f\"(uid={request.args['u']})\")  # BAD\n    conn.search('ou=users', '(uid=1)')\n    pattern.search(request.args['u'])\n",
    ),
    (
        "python.ldap-injection",
        "def f(conn, request):\n    conn.search_s('dc=x', 2, '(uid=' + request.GET['u'] + ')')  # BAD\n",
    ),
    (
        "python.ldap-injection",
        "from ldap.filter import escape_filter_chars\ndef f(conn, request):\n    conn.search_s('dc=x', 2, '(uid=' + escape_filter_chars(request.GET['u']) + ')')\n",
    ),
    (
        "python.xpath-injection",
        "def f(tree, request):\n    tree.xpath(\"//u[@n='\" + request.GET['u'] + \"']\")  # BAD\n",
    ),
    (
        "python.xpath-injection",
        "def f(tree, request):\n    tree.xpath('//u[@n=$n]', n=request.GET['u'])\n",
    ),
    (
        "python.weak-hash",
        "import hashlib\nhashlib.md5(x)  # BAD\nhashlib.new('sha1')  # BAD\n",
    ),
    (
        "python.weak-hash",
        "import hashlib\nhashlib.md5(x, usedforsecurity=False)\nhashlib.sha256(x)\nhashlib.new('sha512')\n",
    ),
    (
        "python.weak-cipher",
        "from Crypto.Cipher import DES, AES\nDES.new(k)  # BAD\nAES.new(k, AES.MODE_ECB)  # BAD\n",
    ),
    (
        "python.weak-cipher",
        "from Crypto.Cipher import AES\nAES.new(k, AES.MODE_GCM)\n",
    ),
    (
        "python.short-key",
        "from cryptography.hazmat.primitives.asymmetric import rsa\nrsa.generate_private_key(public_exponent=65537, key_size=1024)  # BAD\n",
    ),
    (
        "python.short-key",
        "from cryptography.hazmat.primitives.asymmetric import rsa\nrsa.generate_private_key(public_exponent=65537, key_size=2048)\n",
    ),
    (
        "python.predictable-random",
        "import random\ntoken = random.randint(0, 9)  # BAD\n",
    ),
    (
        "python.predictable-random",
        "import random, secrets\ndelay = random.random()\ntoken = secrets.token_hex()\nsalt = random.SystemRandom().random()\n",
    ),
    (
        "python.tls-verification-off",
        "import requests, ssl\nrequests.get(u, verify=False)  # BAD\nssl._create_unverified_context()  # BAD\n",
    ),
    (
        "python.tls-verification-off",
        "import requests\nrequests.get(u, verify='ca.pem')\nother.get(u, verify=False)\n",
    ),
    (
        "python.outdated-tls",
        "import ssl\nssl.SSLContext(ssl.PROTOCOL_TLSv1)  # BAD\n",
    ),
    (
        "python.outdated-tls",
        "import ssl\nssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n",
    ),
    (
        "python.host-key-unchecked",
        "import paramiko\nc.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # BAD\n",
    ),
    (
        "python.host-key-unchecked",
        "import paramiko\nc.set_missing_host_key_policy(paramiko.RejectPolicy())\n",
    ),
    (
        "python.debug-mode",
        "from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)  # BAD\n",
    ),
    (
        "python.debug-mode",
        "app.run(debug=False)\napp.run()\nrunner.run(debug=True)\n",
    ),
    (
        "python.bind-all-interfaces",
        "s.bind(('0.0.0.0', 80))  # BAD\n",
    ),
    (
        "python.bind-all-interfaces",
        "s.bind(('127.0.0.1', 80))\nx = '0.0.0.0'\n",
    ),
    (
        "python.insecure-temporary-file",
        "import tempfile\ntempfile.mktemp()  # BAD\nopen('/tmp/x', 'w')  # BAD\n",
    ),
    (
        "python.insecure-temporary-file",
        "import tempfile\ntempfile.mkstemp()\nopen('/tmp/x')\n",
    ),
    (
        "python.world-writable",
        "import os\nos.chmod('f', 0o777)  # BAD\n",
    ),
    ("python.world-writable", "import os\nos.chmod('f', 0o755)\n"),
    (
        "python.xml-external-entities",
        "import xml.sax\nxml.sax.parseString(data, h)  # BAD\n",
    ),
    (
        "python.xml-external-entities",
        "import defusedxml.sax, xml.sax\ndefusedxml.sax.parseString(data, h)\n",
    ),
    (
        "python.archive-path-traversal",
        "import tarfile\ntarfile.open('a.tar').extractall()  # BAD\n",
    ),
    (
        "python.archive-path-traversal",
        "import tarfile\nt = tarfile.open('a.tar')\nt.extractall(filter='data')\nzip.extractall()\n",
    ),
    (
        "python.jwt-unverified",
        "import jwt\njwt.decode(t, options={'verify_signature': False})  # BAD\n",
    ),
    (
        "python.jwt-unverified",
        "import jwt\njwt.decode(t, key, algorithms=['HS256'])\n",
    ),
    (
        "python.insecure-cookie",
        "r.set_cookie('a', 'b', secure=False)  # BAD\n",
    ),
    (
        "python.insecure-cookie",
        "r.set_cookie('a', 'b', secure=True)\n",
    ),
    (
        "python.cleartext-protocol",
        "import telnetlib\ntelnetlib.Telnet(h)  # BAD\n",
    ),
    (
        "python.cleartext-protocol",
        "import ftplib\nftplib.FTP_TLS(h)\n",
    ),
    (
        "python.regex-from-outside",
        "import re\ndef f(request):\n    re.search(request.GET['p'], text)  # BAD\n",
    ),
    (
        "python.regex-from-outside",
        "import re\ndef f(request):\n    re.search(re.escape(request.GET['p']), text)\n    re.search('a+', request.GET['t'])\n",
    ),
    (
        "python.cross-site-scripting",
        "from fastapi import FastAPI\n@app.get('/')\ndef f(q: str):\n    return 'Hi ' + q\n",
    ),
    (
        "python.command-injection",
        "import subprocess\ndef f(x):\n    subprocess.run(x, shell='True')  # BAD\n    subprocess.run(x, shell=False)\n    subprocess.run(x, shell=None)\n",
    ),
    (
        "python.unsafe-deserialization",
        "import io, pickle\nf = io.BytesIO()\npickle.load(f)  # BAD\n",
    ),
    (
        "python.audit-call",
        "import os, subprocess, torch, yaml\neval('1 + 1')  # BAD\nos.system('ls -l')  # BAD\nsubprocess.run(['/bin/ls'])  # BAD\ntorch.load('a.pt')  # BAD\nyaml.load('{}', Loader=yaml.Loader)  # BAD\ntorch.load('a.pt', weights_only=True)\nyaml.safe_load('{}')\nmodel.eval()\n",
    ),
    (
        "python.audit-call",
        "import os\nfrom flask import request\ndef f(m):\n    os.system('ls ' + request.args['d'])\n    m.objects.extra(where=['a = 1'])\n    m.objects.extra(where=[m.a])  # BAD\n",
    ),
    (
        "python.audit-call",
        "import ast, json\nfrom urllib.request import urlopen\nurlopen('https://example.com/')\nast.literal_eval('1')\njson.loads('1')\nclass A:\n    def eval(self):\n        self.eval()\n",
    ),
    (
        "python.audit-import",
        "import os\nimport subprocess  # BAD\nfrom xml.dom import minidom  # BAD\nimportlib.import_module('pickle')  # BAD\nfrom .subprocess import run\n",
    ),
    (
        "python.audit-import",
        "import os, json\nfrom defusedxml import ElementTree\n",
    ),
    (
        "python.audit-random",
        "import random\nrandom.choice([1, 2])  # BAD\nfrom random import randint\nrandint(1, 6)  # BAD\n",
    ),
    (
        "python.audit-random",
        "import random, secrets\nsecrets.choice([1, 2])\nrandom.SystemRandom().choice([1, 2])\nrandom.seed(1)\n",
    ),
    (
        "python.unmaintained-library",
        "from Crypto.Cipher import AES  # BAD\nfrom Cryptodome.Cipher import AES as B\n",
    ),
    (
        "python.unmaintained-library",
        "from Cryptodome.Cipher import AES\nimport cryptography\n",
    ),
    (
        "python.partial-program-path",
        "import subprocess\nsubprocess.run(['git', 'log'])  # BAD\nsubprocess.run('ls', shell=True)  # BAD\n",
    ),
    (
        "python.partial-program-path",
        "import subprocess, sys\nsubprocess.run(['/usr/bin/git', 'log'])\nsubprocess.run(['./run', 'it'])\nsubprocess.run([sys.executable, '-m', 'x'])\n",
    ),
    (
        "python.hard-coded-password",
        "password = 'hunter2'  # BAD\ndb.PASSWORD = 'x1'  # BAD\ndef login(user, passwd='abc'):  # BAD\n    if passwd == 'root':  # BAD\n        connect(password='abc')  # BAD\nconf = {'api_token': 'k1'}  # BAD\n",
    ),
    (
        "python.hard-coded-password",
        "password = ''\npassword = os.environ['PASSWORD']\npassword_file = 'x.txt'\ntoken_url = 'x'\npassword = f'{a}'\nhelp = {'password': 'Your password must have {n} characters'}\n",
    ),
    (
        "python.request-without-timeout",
        "import requests, httpx\nrequests.get('https://a')  # BAD\nrequests.post('https://a', timeout=None)  # BAD\nhttpx.get('https://a', timeout=None)  # BAD\n",
    ),
    (
        "python.request-without-timeout",
        "import requests, httpx\nrequests.get('https://a', timeout=5)\nrequests.get('https://a', **options)\nhttpx.get('https://a')\n",
    ),
    (
        "python.unpinned-download",
        "from transformers import AutoModel\nAutoModel.from_pretrained('org/model')  # BAD\nAutoModel.from_pretrained('org/model', revision='main')  # BAD\n",
    ),
    (
        "python.unpinned-download",
        "from transformers import AutoModel\nAutoModel.from_pretrained('./model')\nAutoModel.from_pretrained('org/model', revision='0123abc')\nAutoModel.from_pretrained('org/model', revision=chosen())\n",
    ),
    (
        "python.exception-swallowed",
        "try:\n    f()\nexcept Exception:  # BAD\n    pass\nfor a in b:\n    try:\n        f()\n    except:  # BAD\n        continue\n",
    ),
    (
        "python.exception-swallowed",
        "try:\n    f()\nexcept KeyError:\n    pass\nexcept Exception:\n    log()\n",
    ),
    (
        "python.trust-boundary",
        "from flask import request, session\ndef f():\n    session['name'] = request.args['name']  # BAD\n",
    ),
    (
        "python.trust-boundary",
        "from flask import request, session\ndef f(user):\n    session['n'] = int(request.args['n'])\n    session['user'] = user\n    other['x'] = request.args['x']\n",
    ),
    (
        "python.shell-wildcard",
        "import os, subprocess\nos.system('chown root *')  # BAD\nsubprocess.run('tar cf a.tar *', shell=True)  # BAD\n",
    ),
    (
        "python.shell-wildcard",
        "import os, subprocess\nos.system('ls *')\nsubprocess.run(['tar', 'cf', 'a.tar', '*'])\n",
    ),
];

#[test]
fn every_rule_finds_and_leaves_alone() {
    check("app/views.py", "python.", CASES);
}
