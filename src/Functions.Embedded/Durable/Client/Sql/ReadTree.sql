-- The instances $2 and, if $3, all that they have started, directly or through others. parent_id IS NOT NULL, the condition of the index
-- instances_children, follows from the comparison.
WITH RECURSIVE tree AS (
    SELECT instance_id, parent_id, status
    FROM :schema.instances
    WHERE hub = $1 AND instance_id = ANY ($2)
    UNION
    SELECT child.instance_id, child.parent_id, child.status
    FROM tree
    JOIN :schema.instances child ON child.hub = $1 AND child.parent_id = tree.instance_id
    WHERE $3
)
SELECT instance_id, parent_id, status FROM tree
