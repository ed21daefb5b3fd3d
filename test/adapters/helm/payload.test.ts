import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pack, readPayload, unpack, withStatus } from '../../../src/adapters/helm/payload.ts';
import { deployHooks, rollbackHooks } from '../../../src/adapters/helm/revision.ts';
import { payloadOf, releaseText, revisionFrom } from './books.ts';

describe('a release Secret', () => {
  it('is base64 of base64 of gzip of JSON, or of JSON as it was before it was zipped', () => {
    const text = releaseText();
    expect(unpack(pack(text))).toBe(text);
    const old = Buffer.from(Buffer.from(text).toString('base64')).toString('base64');
    expect(readPayload(old)).toEqual(readPayload(pack(text)));
  });

  it.each([
    ['nothing', ''],
    ['text', Buffer.from('text').toString('base64')],
    ['another shape', pack('{"name":"shop"}')],
    ['no JSON', pack('{')],
    ['a broken stream', Buffer.from(Buffer.from([0x1f, 0x8b, 0x08, 0]).toString('base64')).toString('base64')],
    [
      'one that would fill the memory',
      Buffer.from(gzipSync(Buffer.alloc(70 * 1024 * 1024, 32)).toString('base64')).toString('base64'),
    ],
  ])('that holds %s is not readable', (_, data) => {
    expect(readPayload(data)).toBeNull();
  });

  it('is marked failed by changing its status and description alone', () => {
    const text = releaseText({ status: 'pending-rollback', config: '{"limit":1e400,"big":98765432109876543210}' });
    const marked = unpack(withStatus(pack(text), 'failed', 'cut "off"'));
    const expected = text
      .replace('"status":"pending-rollback"', '"status":"failed"')
      .replace(/"description":"(\\.|[^"\\])*"/, () => '"description":"cut \\"off\\""');
    expect(marked).toBe(expected);
    expect(marked).toContain('98765432109876543210');
  });
});

describe('a revision', () => {
  it('has the key of its chart and values, whatever its status, number and manifest', () => {
    const one = revisionFrom();
    expect(revisionFrom({ version: 7, status: 'superseded', manifest: 'a: 1' }).key).toBe(one.key);
    expect(revisionFrom({ config: '{"mode":"two"}' }).key).not.toBe(one.key);
    expect(revisionFrom({ appVersion: '2.0.0' }).key).not.toBe(one.key);
  });

  it('is the same whether Helm 3 or 4 wrote it', () => {
    const four = revisionFrom({ fileMore: ',"modtime":"2026-01-01T00:00:00Z"' });
    expect(four.content).toBe(revisionFrom().content);
  });

  it('is told from a copy by its manifest and hooks, but not by when its hooks ran', () => {
    const hook = (more: string) => `[{"name":"migrate","kind":"Job","events":["pre-rollback","post-upgrade"]${more}}]`;
    const one = revisionFrom({ hooks: hook('') });
    const ran = ',"last_run":{"phase":"Succeeded"},"delete_policies":["before-hook-creation"]';
    expect(revisionFrom({ hooks: hook(ran) }).content).toBe(one.content);
    expect(revisionFrom({ hooks: hook(',"weight":1') }).content).not.toBe(one.content);
    expect(revisionFrom({ manifest: 'kind: Other' }).content).not.toBe(revisionFrom().content);
    expect(rollbackHooks(one)).toEqual(['Job/migrate']);
    expect(deployHooks(one)).toEqual(['Job/migrate']);
    expect(rollbackHooks(revisionFrom({ hooks: '[{"name":"t","kind":"Pod","events":["test"]}]' }))).toEqual([]);
  });

  it.each([
    ['{"image":{"tag":"2.14.0"}}', '2.14.0'],
    ['{"image":{"tag":""}}', '1.0.0'],
    ['{"image":"shop:3"}', '1.0.0'],
    ['{}', '1.0.0'],
  ])('with the values %s is called %s', (config, version) => {
    expect(revisionFrom({ config }).version).toBe(version);
  });

  it('says when it was made', () => {
    expect(revisionFrom().madeAt).toBe(Date.parse('2026-01-02T08:00:00.5Z'));
    expect(payloadOf().info.description).toContain('"status"');
  });
});
