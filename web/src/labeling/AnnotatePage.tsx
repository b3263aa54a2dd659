export const AnnotatePage = () => null;
