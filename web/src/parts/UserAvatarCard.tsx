import styles from './UserAvatarCard.module.css';

type Person = { fullName?: string | null; email: string; initials: string; badgeColor: string };

export const Avatar = ({ person, size = 24 }: { person: Pick<Person, 'initials' | 'badgeColor'>; size?: number }) => (
  <span className={styles.avatar} style={{ width: size, height: size, fontSize: Math.round(size * 0.42), background: person.badgeColor }} aria-hidden="true">{person.initials}</span>
);

/** A person: avatar, name, address. */
export function UserAvatarCard({ person, note }: { person: Person; note?: string }) {
  return (
    <span className={styles.card}>
      <Avatar person={person} size={28} />
      <span className={styles.names}>
        <span>{person.fullName ?? person.email}{note !== undefined && <small> {note}</small>}</span>
        {person.fullName != null && <small>{person.email}</small>}
      </span>
    </span>
  );
}
