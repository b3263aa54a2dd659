import { TextField } from './Field';
import { useAsPerson } from './person';
import styles from './PersonPicker.module.css';
import { ProblemNote, Skeleton } from './States';
import { UserAvatarCard } from './UserAvatarCard';

type Candidate = { id: string; email: string; fullName: string | null };

/** A search for people and the choice of one of those found. The caller searches. */
export function PersonPicker<T extends Candidate>({ label, search, onSearch, people, error, nobody, chosen, onChoose }: {
  label: string;
  search: string;
  onSearch: (text: string) => void;
  /** Undefined while they load. */
  people: readonly T[] | undefined;
  error?: unknown;
  /** Said when nobody was found. */
  nobody: string;
  chosen: T | null;
  onChoose: (person: T) => void;
}) {
  const asPerson = useAsPerson();
  return (
    <>
      <TextField label={label} type="search" autoFocus autoComplete="off" value={search} onChange={(event) => onSearch(event.target.value)} />
      <div className={styles.results} role="radiogroup" aria-label={label}>
        {error != null ? <ProblemNote error={error} />
          : people === undefined ? <div className={styles.nobody}><Skeleton lines={3} height={24} /></div>
          : people.length === 0 ? <p className={styles.nobody}>{nobody}</p>
          : people.map((person) => (
            <label key={person.id}>
              <input type="radio" name={label} checked={chosen?.id === person.id} onChange={() => onChoose(person)} />
              <UserAvatarCard person={asPerson(person)} />
            </label>
          ))}
      </div>
    </>
  );
}
