export { unifiedDiff } from '../../domain/diff.ts';
