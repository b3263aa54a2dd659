-- Tables of the system that this product replaces, as its user, platform and labeler databases have them, with what real rows look like.
CREATE TYPE userrole AS ENUM ('guest', 'standard_engineer', 'advanced_engineer', 'manager', 'admin', 'engineer_ii', 'wizard');
CREATE TABLE organizations (
    id serial PRIMARY KEY, name varchar(100), company varchar(100), division varchar(100), max_users int, max_storage_gb int, max_gpu_hours_per_month int,
    created_at timestamp DEFAULT now(), updated_at timestamp);
CREATE TABLE users (
    id serial PRIMARY KEY, keycloak_id varchar(36) UNIQUE, email varchar(255) UNIQUE NOT NULL, hashed_password varchar(255), full_name varchar(255), company varchar(100),
    organization_id int REFERENCES organizations, system_role userrole NOT NULL, is_active boolean DEFAULT true, avatar_name varchar(50), badge_color varchar(20),
    created_at timestamp DEFAULT now(), updated_at timestamp);
CREATE TABLE project_members (id serial PRIMARY KEY, project_id int NOT NULL, user_id int NOT NULL, role varchar(20) DEFAULT 'member', invited_by int, joined_at timestamp DEFAULT now());
CREATE TABLE projects (id serial PRIMARY KEY, name varchar(255) UNIQUE NOT NULL, description text, task_type varchar(50), user_id int, organization_id int, created_at timestamp, updated_at timestamp);
CREATE TABLE training_jobs (id serial PRIMARY KEY, project_id int, status varchar(20));
CREATE TABLE datasets (
    id varchar(50) PRIMARY KEY, name varchar(255) NOT NULL, description text, owner_id varchar(36) NOT NULL, visibility varchar(20) DEFAULT 'private', storage_path varchar(500), format varchar(20),
    labeled boolean DEFAULT false, published_task_types text[], is_snapshot boolean DEFAULT false, parent_dataset_id varchar(50), created_at timestamp DEFAULT now());
CREATE TABLE dataset_permissions (id serial PRIMARY KEY, dataset_id varchar(50), user_id varchar(36), role varchar(20), granted_by varchar(36), UNIQUE (dataset_id, user_id));
CREATE TABLE annotation_projects (
    id varchar(50) PRIMARY KEY, name varchar(255), dataset_id varchar(50) UNIQUE, owner_id varchar(36), task_types varchar(20)[], task_classes jsonb);
CREATE TABLE project_permissions (id serial PRIMARY KEY, project_id varchar(50), user_id varchar(36), role varchar(20), granted_by varchar(36), UNIQUE (project_id, user_id));
CREATE TABLE image_metadata (
    id varchar(200) PRIMARY KEY, dataset_id varchar(50) REFERENCES datasets ON DELETE CASCADE, file_name varchar(255), s3_key varchar(500), folder_path varchar(500), size bigint, width int, height int,
    uploaded_at timestamptz DEFAULT now(), last_modified timestamptz);
CREATE TABLE annotations (
    id bigserial PRIMARY KEY, project_id varchar(50), image_id varchar(200), annotation_type varchar(20), task_type varchar(20), geometry jsonb, class_id varchar(50), class_name varchar(255),
    attributes jsonb, confidence int, version int DEFAULT 1, created_by varchar(36), annotation_state varchar(20) DEFAULT 'draft', created_at timestamp DEFAULT now());

INSERT INTO organizations (id, name, company, division, max_users, max_storage_gb, max_gpu_hours_per_month) VALUES
    (1, 'Vision Lab', 'Samsung', 'VD', 20, 500, NULL), (2, 'vision lab', 'partner', NULL, NULL, NULL, NULL), (3, NULL, 'custom', NULL, NULL, NULL, NULL), (4, 'Negative', NULL, NULL, -1, NULL, NULL);
-- The password of Ann is 'correct horse battery'.
INSERT INTO users (id, keycloak_id, email, hashed_password, full_name, organization_id, system_role, is_active, created_at) VALUES
    (1, '11111111-0000-0000-0000-000000000001', 'Ann@Example.org', '$2b$04$ApLLt2xw9QC1jCzBJxD9N.G2yn8mwbU7/dsy4wg4n2SmxnW7jxtpW', 'Ann Ort', 1, 'admin', true, '2023-01-02 03:04:05'),
    (2, NULL, 'ben@example.org', 'pbkdf2:sha256:260000$salt$0123', '김벤', 2, 'engineer_ii', true, '2023-02-01'),
    (3, '33333333-0000-0000-0000-000000000003', 'ANN@example.ORG', NULL, 'Ann again', NULL, 'guest', true, NULL),
    (4, NULL, 'not an address', NULL, NULL, NULL, 'guest', true, NULL),
    (5, NULL, 'merlin@example.org', NULL, NULL, NULL, 'wizard', true, NULL),
    (6, '66666666-0000-0000-0000-000000000006', 'gone@example.org', NULL, NULL, 3, 'standard_engineer', false, NULL);
INSERT INTO projects (id, name, description, user_id, created_at) VALUES
    (1, 'Scratches', 'Line 1', 1, '2023-03-01'), (2, 'scratches', NULL, 3, NULL), (3, 'Of nobody', NULL, 5, NULL), (4, 'Of one who left', NULL, 6, NULL);
INSERT INTO project_members (id, project_id, user_id, role) VALUES (1, 1, 2, 'member'), (2, 1, 2, 'admin'), (3, 1, 1, 'owner'), (4, 1, 6, 'superhero'), (5, 9, 2, 'viewer');
INSERT INTO training_jobs (project_id, status) VALUES (1, 'completed');
INSERT INTO datasets (id, name, owner_id, visibility, format, published_task_types, is_snapshot) VALUES
    ('ds_0000000000000001', 'Screens', '11111111-0000-0000-0000-000000000001', 'public', 'images', '{classification,detection}', false),
    ('ds_0000000000000002', 'Folders', '66666666-0000-0000-0000-000000000006', 'private', 'imagefolder', NULL, false),
    ('ds_0000000000000003', 'Screens v1', '11111111-0000-0000-0000-000000000001', 'private', 'images', NULL, true);
INSERT INTO dataset_permissions (dataset_id, user_id, role) VALUES ('ds_0000000000000001', '11111111-0000-0000-0000-000000000001', 'owner'), ('ds_0000000000000001', '66666666-0000-0000-0000-000000000006', 'member');
INSERT INTO annotation_projects (id, dataset_id, task_types, task_classes) VALUES
    ('proj_000000000001', 'ds_0000000000000001', '{classification,detection}', '{"detection": {"c1": {"name": "scratch", "color": "#f00"}}}'), ('proj_000000000002', 'ds_0000000000000002', '{segmentation}', NULL);
INSERT INTO project_permissions (project_id, user_id, role) VALUES ('proj_000000000002', '11111111-0000-0000-0000-000000000001', 'reviewer'), ('proj_000000000001', 'unknown', 'viewer');
INSERT INTO image_metadata (id, dataset_id, file_name, s3_key, uploaded_at) VALUES
    ('train/1.png', 'ds_0000000000000001', '1.png', 'datasets/ds_0000000000000001/images/train/1.png', '2023-05-01T00:00:00Z'),
    ('train/2.png', 'ds_0000000000000001', '2.png', 'datasets/ds_0000000000000001/images/train/2.png', '2023-05-01T00:00:00Z'),
    ('train/TWO.png', 'ds_0000000000000001', 'TWO.png', 'datasets/ds_0000000000000001/images/train/2.png', NULL),
    ('Train/two.PNG', 'ds_0000000000000001', 'two.PNG', 'datasets/ds_0000000000000001/images/train/2.png', NULL),
    ('../escape.png', 'ds_0000000000000001', 'escape.png', 'datasets/x', NULL),
    ('broken.png', 'ds_0000000000000001', 'broken.png', 'datasets/broken.png', NULL),
    ('lost.png', 'ds_0000000000000001', 'lost.png', 'datasets/lost.png', NULL),
    ('cat/3.png', 'ds_0000000000000002', '3.png', 'datasets/ds_0000000000000002/images/cat/3.png', NULL);
INSERT INTO annotations (id, project_id, image_id, annotation_type, task_type, geometry, class_name, confidence, created_by, annotation_state) VALUES
    (1, 'proj_000000000001', 'train/1.png', 'classification', 'classification', NULL, 'OK', 100, '11111111-0000-0000-0000-000000000001', 'confirmed'),
    (2, 'proj_000000000001', 'train/1.png', 'bbox', 'detection', '{"type": "bbox", "bbox": [1, 2, 3, 4]}', 'scratch', 90, '11111111-0000-0000-0000-000000000001', 'confirmed'),
    (3, 'proj_000000000001', 'train/1.png', 'classification', 'classification', NULL, 'ok', NULL, NULL, 'draft'),
    (4, 'proj_000000000001', 'train/2.png', 'classification', 'classification', NULL, 'a/b', NULL, NULL, 'draft'),
    (5, 'proj_000000000001', 'train/1.png', 'classification', 'classification', NULL, 'defect', NULL, NULL, 'draft'),
    (6, 'proj_000000000001', 'lost.png', 'classification', 'classification', NULL, 'OK', NULL, NULL, 'draft'),
    (7, 'proj_000000000001', 'lost.png', 'polygon', 'segmentation', '{"type": "polygon", "vertices": [[0, 0], [1, 0], [1, 1]]}', 'dent', NULL, NULL, 'draft'),
    (8, 'proj_missing', 'train/1.png', 'bbox', 'detection', '{}', 'x', NULL, NULL, 'draft');
