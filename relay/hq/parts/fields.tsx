/**
 * Fields of forms: each with its label, its hint, and its own error beside it; what was typed is
 * kept. Lists that are long can be narrowed by typing where JavaScript runs.
 */
import type { ComponentChildren } from 'preact';
import type { FieldError } from '../call.ts';
import { sentence } from './page.tsx';

interface FrameProps {
  name: string;
  label: string;
  hint?: ComponentChildren;
  errors?: readonly FieldError[];
}

interface TextProps extends FrameProps {
  type?: 'text' | 'email' | 'password' | 'date' | 'time' | 'number';
  value?: string;
  required?: boolean;
  autocomplete?: string;
  list?: string;
  maxLength?: number;
  placeholder?: string;
}

export function TextField({ hint, label, errors, list, ...input }: TextProps) {
  const frame = { name: input.name, label, hint, errors: errors ?? [] };
  const { name, type = 'text', value, required = false, autocomplete = 'off' } = input;
  return (
    <FieldFrame {...frame}>
      <input
        id={idOf(name)}
        name={name}
        type={type}
        value={value}
        required={required}
        autocomplete={autocomplete}
        list={list}
        maxLength={input.maxLength}
        placeholder={input.placeholder}
        {...describedBy(frame)}
      />
    </FieldFrame>
  );
}

export interface Choice {
  value: string;
  label: string;
  /** The organisation it belongs to, or another heading. */
  group?: string;
  /** Groups with the same key are shown together where JavaScript runs. */
  groupKey?: string;
}

interface ChoiceProps extends FrameProps {
  choices: readonly Choice[];
  value?: string | undefined;
  /** The first choice, with no value; absent when one must stand. */
  empty?: string;
  required?: boolean;
  /** Name of the field whose value decides which groups are offered. */
  dependsOn?: string;
}

export function ChoiceField({ hint, label, errors, ...input }: ChoiceProps) {
  const frame = { name: input.name, label, hint, errors: errors ?? [] };
  return (
    <FieldFrame {...frame}>
      <Select {...input} extra={describedBy(frame)} />
    </FieldFrame>
  );
}

/** A choice in a table cell: its label is read, not seen. */
export function CellChoice({ label, errors = [], ...input }: ChoiceProps) {
  const own = errors.filter(error => error.field === input.name);
  const frame = { name: input.name, label, errors };
  return (
    <div class="cell-field">
      <label for={idOf(input.name)} class="unseen">
        {label}
      </label>
      <Select {...input} extra={describedBy(frame)} />
      <OwnErrors name={input.name} errors={own} />
    </div>
  );
}

type SelectProps = Omit<ChoiceProps, 'label' | 'hint' | 'errors'> & {
  extra: Record<string, string | undefined>;
};

function Select({ name, choices, value, empty, required = false, dependsOn, extra }: SelectProps) {
  return (
    <select
      id={idOf(name)}
      name={name}
      required={required}
      data-depends-on={dependsOn === undefined ? undefined : idOf(dependsOn)}
      data-filter={choices.length > FILTER_FROM ? 'yes' : undefined}
      {...extra}
    >
      {empty === undefined ? null : (
        <option value="" selected={value === undefined || value === ''}>
          {empty}
        </option>
      )}
      {grouped(choices).map(([group, members]) =>
        group === undefined ? (
          members.map(choice => <Option choice={choice} value={value} />)
        ) : (
          <optgroup label={group} data-key={members[0]?.groupKey}>
            {members.map(choice => (
              <Option choice={choice} value={value} />
            ))}
          </optgroup>
        ),
      )}
    </select>
  );
}

/** Lists longer than this get a box to narrow them. */
const FILTER_FROM = 12;

function Option({ choice, value }: { choice: Choice; value: string | undefined }) {
  return (
    <option value={choice.value} selected={choice.value === value}>
      {choice.label}
    </option>
  );
}

function grouped(choices: readonly Choice[]): [string | undefined, Choice[]][] {
  const groups = new Map<string | undefined, Choice[]>();
  for (const choice of choices) {
    const members = groups.get(choice.group) ?? [];
    members.push(choice);
    groups.set(choice.group, members);
  }
  return [...groups];
}

interface CheckProps {
  name: string;
  label: string;
  checked: boolean;
  hint?: string;
}

export function CheckField({ name, label, checked, hint }: CheckProps) {
  return (
    <div class="field check">
      <input type="checkbox" id={idOf(name)} name={name} value="yes" checked={checked} />
      <label for={idOf(name)}>{label}</label>
      {hint === undefined ? null : <small>{hint}</small>}
    </div>
  );
}

interface FieldFrameProps extends FrameProps {
  errors: readonly FieldError[];
  children: ComponentChildren;
}

function FieldFrame({ name, label, hint, errors, children }: FieldFrameProps) {
  return (
    <div class="field">
      <label for={idOf(name)}>{label}</label>
      {children}
      {hint === undefined ? null : <small id={`${idOf(name)}-hint`}>{hint}</small>}
      <OwnErrors name={name} errors={errors.filter(error => error.field === name)} />
    </div>
  );
}

function OwnErrors({ name, errors }: { name: string; errors: readonly FieldError[] }) {
  if (errors.length === 0) return null;
  return (
    <small class="error" id={`${idOf(name)}-error`}>
      {errors.map(error => sentence(error.message)).join(' ')}
    </small>
  );
}

function describedBy(frame: FrameProps): Record<string, string | undefined> {
  const wrong = (frame.errors ?? []).some(error => error.field === frame.name);
  const ids = [
    ...(frame.hint === undefined ? [] : [`${idOf(frame.name)}-hint`]),
    ...(wrong ? [`${idOf(frame.name)}-error`] : []),
  ];
  return {
    'aria-describedby': ids.length === 0 ? undefined : ids.join(' '),
    'aria-invalid': wrong ? 'true' : undefined,
  };
}

/** What is wrong, all of it, above the form; each entry leads to its field. */
export function Errors({ errors }: { errors: readonly FieldError[] }) {
  if (errors.length === 0) return null;
  return (
    <div class="note bad" role="alert">
      {errors.map(error => (
        <p>
          <strong>
            {error.field === undefined ? (
              sentence(error.message)
            ) : (
              <a href={`#${idOf(error.field)}`}>{sentence(error.message)}</a>
            )}
          </strong>{' '}
          {error.fix && sentence(error.fix)}
        </p>
      ))}
    </div>
  );
}

/** Names come from tills: anything may stand in them, an id may not. */
function idOf(name: string): string {
  return `f-${name.replaceAll(/[^A-Za-z0-9_.-]/g, character => `_${character.codePointAt(0)}_`)}`;
}
