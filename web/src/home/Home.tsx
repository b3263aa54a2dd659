import { useSession } from '../api/useSession';
import { defineWords, useWords } from '../app/words';
import { Page } from '../parts/Page';
import { ProjectList } from '../projects/ProjectsPage';

const homeWords = defineWords({
  en: { title: (name: string) => `Hello, ${name}`, plain: 'Home' },
  ko: { title: (name: string) => `${name} 님, 안녕하세요`, plain: '홈' },
});

export function Home() {
  const words = useWords(homeWords);
  const user = useSession()?.user;
  return <Page title={user?.fullName ? words.title(user.fullName) : words.plain}><ProjectList name="" /></Page>;
}
