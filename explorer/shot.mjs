import { chromium } from 'playwright';
const [url, out, w, h, scheme, wait, click] = process.argv.slice(2);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const p = await b.newPage({ viewport: { width: +w, height: +h }, colorScheme: scheme });
p.on('console', (m) => console.log('console', m.text()));
await p.goto(url); await p.waitForTimeout(+wait);
if (click) { const c = click.split(','); await p.mouse.click(+c[0], +c[1]); await p.waitForTimeout(1500); }
await p.screenshot({ path: out }); await b.close();
