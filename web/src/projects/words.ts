import { defineWords } from '../app/words';

export const projectWords = defineWords({
  en: {
    projects: 'Projects', project: 'Project', newProject: 'New project', search: 'Search projects', none: 'No projects yet',
    noneText: 'A project holds datasets, training jobs, models and deployments, and the people who may work with them.', noneFound: 'No project has this name',
    name: 'Name', description: 'Description', create: 'Create project', created: (name: string) => `Project ${name} is created.`, changed: 'Changed', edit: 'Edit',
    overview: 'Overview', datasets: 'Datasets', jobs: 'Training', models: 'Models', exports: 'Exports', deployments: 'Deployments', members: 'Members', settings: 'Settings',
    parts: 'Parts of the project',
  },
  ko: {
    projects: '프로젝트', project: '프로젝트', newProject: '새 프로젝트', search: '프로젝트 검색', none: '아직 프로젝트가 없습니다',
    noneText: '프로젝트에는 데이터셋, 학습 작업, 모델, 배포와 함께 일할 사람들이 모여 있습니다.', noneFound: '해당 이름의 프로젝트가 없습니다',
    name: '이름', description: '설명', create: '프로젝트 만들기', created: (name: string) => `프로젝트 ${name}을(를) 만들었습니다.`, changed: '변경', edit: '편집',
    overview: '개요', datasets: '데이터셋', jobs: '학습', models: '모델', exports: '내보내기', deployments: '배포', members: '구성원', settings: '설정',
    parts: '프로젝트 구성',
  },
});
