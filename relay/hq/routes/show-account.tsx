/** One's own account as a page; a second step that is being set up shows its key. */
import { show } from '../answers.tsx';
import type { FieldError, UserCall } from '../call.ts';
import { addressOf } from '../second-step.ts';
import { AccountPage } from '../views/account.tsx';

export function showAccount(call: UserCall, errors: FieldError[] = []): void {
  const { user, deps, req } = call;
  const sealed = req.session.freshSecret;
  const secret = sealed && deps.seal.open(sealed, `users/${user.id}/second-step`);
  const fresh = secret ? { secret, address: addressOf(secret, user.email) } : undefined;
  show(call, 'Your account', <AccountPage user={user} errors={errors} fresh={fresh} />);
}
