import { describe, expect, it } from 'vitest';
import { contentHash, contentOfCopy, copySourceOf } from '../../../src/adapters/kubernetes/content.ts';

const settings = { kind: 'ConfigMap', name: 'settings' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const holding = (data: Record<string, string>, binaryData: Record<string, string> = {}) => ({
  data,
  binaryData,
  type: null,
});

describe('where the content of a ConfigMap is kept', () => {
  it.each([
    ['an address with a password', holding({ url: 'postgres://shop:hunter2@db/shop', mode: 'on' })],
    ['a name', holding({ SMTP_PASSWORD: 'hunter2' })],
    ['a file', holding({ 'app.ini': 'mode = on\npassword = hunter2\n' })],
    ['a key in bytes', holding({ mode: 'on' }, { 'tls.pem': base64('-----BEGIN PRIVATE KEY-----\nx\n') })],
  ])('inside the cluster where something in it looks secret, and comes back as it was: %s', (_, content) => {
    const source = copySourceOf(settings, content);
    if (!source) throw new Error('kept as a text');
    expect(contentOfCopy(source)).toEqual(content);
    expect(contentHash(settings, content)).toMatch(/^backout-copy-[0-9a-f]{40}$/);
  });

  it.each([
    ['plain', holding({ mode: 'on', colour: 'blue' }, { logo: base64('PNG') })],
    ['a secret name without a value', holding({ PASSWORD: '' })],
  ])('as a text where nothing does: %s', (_, content) => {
    expect(copySourceOf(settings, content)).toBeNull();
    expect(contentHash(settings, content)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('a key that stands as text and as bytes makes two contents', () => {
    const [text, bytes] = [holding({ token: 'on' }), holding({}, { token: base64('on') })];
    expect(contentHash(settings, text)).not.toBe(contentHash(settings, bytes));
  });
});
