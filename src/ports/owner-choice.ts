import { z } from 'zod';

/** What a step may do about an object that another tool renders. */
const ownerChoices = ['refuse', 'suspend', 'suspend-parents', 'anyway'] as const;

/** Input of every step that writes objects which others may render. */
export const ownerFields = {
  owner: z
    .enum(ownerChoices)
    .default('refuse')
    .describe(
      'What to do where Argo CD, Flux, Helm or an operator renders what is changed: plan nothing; suspend the reconciler until a person releases the hold; suspend also the parents that would switch it on again; or change it knowing that the change may be undone.',
    ),
  argocd: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'not a Kubernetes namespace name')
    .default('argocd')
    .describe('Namespace of Argo CD, where its Applications are unless they say otherwise.'),
};

const choiceInput = z.looseObject(ownerFields);

/** What a step's input says of owners. */
export type OwnerChoice = Pick<z.infer<typeof choiceInput>, 'owner' | 'argocd'>;

/** Reads the choice out of any step's input. */
export function ownerChoiceOf(input: object): OwnerChoice {
  const { owner, argocd } = choiceInput.parse(input);
  return { owner, argocd };
}

/** In an operation's body: the owners that were judged when it was planned; others refuse it. */
export const acceptedOwners = { owners: z.array(z.string().max(400)).max(20).exactOptional() };
