import { defineWords } from '../app/words';

export const imageWords = defineWords({
  en: {
    title: 'Images', gridLabel: 'Images of the dataset', filters: 'Filters', class: 'Class', allClasses: 'All classes', classOption: (name: string, images: string) => `${name} (${images})`,
    state: 'State', all: 'All', annotated: 'Annotated', notAnnotated: 'Not annotated', order: 'Order', newest: 'Newest first', oldest: 'Oldest first',
    shown: (count: string) => (count === '1' ? '1 image' : `${count} images`), clear: 'Clear filters',
    none: 'No images yet', noneText: 'Upload a folder, single files or an archive. Thousands of files are fine.', upload: 'Upload images', noneFound: 'No image has these properties',
    noneFoundText: 'Choose another class or state.', allDone: 'Every image is annotated', noneAnnotated: 'No image is annotated yet',
    previous: 'Previous image', next: 'Next image', keys: 'A and D, or Page up and Page down: previous and next image', place: (number: string) => `Image ${number}`,
    path: 'Path', size: 'Size', pixels: 'Pixels', givenSplit: 'Given split', notGiven: 'Not given', uploaded: 'Uploaded', type: 'Type', sha256: 'SHA-256',
    classFixed: 'The class comes from the upload. To change it, delete the image and upload it into the folder of another class.',
    objects: 'Annotations', noObjects: 'Somebody said that this image has no objects.', neverAnnotated: 'Nobody has annotated this image yet.', annotatedAt: (time: string) => `Annotated ${time}`,
    annotationsFailed: 'The annotations could not be loaded.', original: 'Open the original', annotate: 'Annotate', remove: 'Delete image', removeTitle: 'Delete this image?',
    removeText: (path: string) => `${path} and its annotations are removed from the dataset. Published versions keep the image.`, removed: (path: string) => `${path} is deleted.`,
    searching: 'Looking for the image…', notFound: 'This image is not among the first images of the list. It may have been deleted.', loadingViewer: 'Loading the viewer',
    details: 'About the image',
  },
  ko: {
    title: '이미지', gridLabel: '데이터셋의 이미지', filters: '필터', class: '클래스', allClasses: '모든 클래스', classOption: (name: string, images: string) => `${name} (${images})`,
    state: '상태', all: '전체', annotated: '주석 있음', notAnnotated: '주석 없음', order: '정렬', newest: '최신순', oldest: '오래된순',
    shown: (count: string) => `이미지 ${count}장`, clear: '필터 지우기',
    none: '아직 이미지가 없습니다', noneText: '폴더, 개별 파일 또는 압축 파일을 업로드하세요. 파일이 수천 개여도 괜찮습니다.', upload: '이미지 업로드', noneFound: '조건에 맞는 이미지가 없습니다',
    noneFoundText: '다른 클래스나 상태를 선택하세요.', allDone: '모든 이미지에 주석이 있습니다', noneAnnotated: '아직 주석이 있는 이미지가 없습니다',
    previous: '이전 이미지', next: '다음 이미지', keys: 'A와 D 또는 Page Up과 Page Down: 이전/다음 이미지', place: (number: string) => `이미지 ${number}`,
    path: '경로', size: '크기', pixels: '픽셀', givenSplit: '지정된 분할', notGiven: '지정 안 됨', uploaded: '업로드', type: '형식', sha256: 'SHA-256',
    classFixed: '클래스는 업로드할 때 정해집니다. 바꾸려면 이미지를 삭제하고 다른 클래스 폴더로 업로드하세요.',
    objects: '주석', noObjects: '객체가 없다고 확인된 이미지입니다.', neverAnnotated: '아직 주석이 없는 이미지입니다.', annotatedAt: (time: string) => `${time} 주석 작성`,
    annotationsFailed: '주석을 불러오지 못했습니다.', original: '원본 열기', annotate: '주석 달기', remove: '이미지 삭제', removeTitle: '이 이미지를 삭제할까요?',
    removeText: (path: string) => `${path}와(과) 주석이 데이터셋에서 삭제됩니다. 게시된 버전에는 이미지가 남습니다.`, removed: (path: string) => `${path}을(를) 삭제했습니다.`,
    searching: '이미지를 찾는 중…', notFound: '목록 앞부분에 이 이미지가 없습니다. 삭제되었을 수 있습니다.', loadingViewer: '뷰어를 불러오는 중',
    details: '이미지 정보',
  },
});
