export { hideSecrets, hideSecretsInText, isSecretValue } from '../../domain/hide.ts';
