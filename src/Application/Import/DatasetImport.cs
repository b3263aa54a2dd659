using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Import;

namespace VisionPlatform.Application.Import;

/// <summary>Datasets. One that is in no project goes to a project of its owner that the import makes.</summary>
internal sealed class DatasetImport(ImportWork work, FoundTable? labelingProjects) : IRowImport
{
    private const int LongestName = 200;
    private const int LongestDescription = 4000;

    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.Datasets, rows.Select(row => row.Id), cancellation);
        OldRow[] open = [.. rows.Where(row => !known.ContainsKey(row.Id))];
        var owners = await work.FindAsync(ImportKinds.Users, open.Select(row => row.Text("owner")), cancellation);
        var projects = await work.FindAsync(ImportKinds.Projects, open.Select(row => row.Text("project")), cancellation);
        var tasks = await TasksOfLabelingAsync(open, cancellation);
        var ready = new List<(OldRow Row, string Name, Guid Owner)>();
        foreach (var row in open)
        {
            var (name, problem) = ImportWork.NameOf(row.Text("name"), LongestName);
            if (row.Flag("isSnapshot") == true)
                work.Leave(row, "The dataset was not imported: it is a snapshot of another one. Publish a version of that one after the import.");
            else if (name is null)
                work.Leave(row, $"The dataset was not imported: {problem}.");
            else if (row.Text("owner") is not { } owner || !owners.TryGetValue(owner, out var ownerId))
                work.Leave(row, $"The dataset was not imported: its owner {row.Text("owner")} was not.");
            else if (row.Text("project") is { } project && !projects.ContainsKey(project))
                work.Leave(row, $"The dataset was not imported: its project {project} was not.");
            else
                ready.Add((row, name, ownerId));
        }
        await using var held = work.IsDryRun ? null : await HeldAccounts.HoldAsync(work.Users, ready.Select(dataset => dataset.Owner), cancellation);
        await using var transaction = await work.Platform.Database.BeginTransactionAsync(cancellation);
        var own = await OwnProjectsAsync(ready.Where(dataset => dataset.Row.Text("project") is null).Select(dataset => dataset.Owner).Distinct(), cancellation);
        var places = ready.Select(dataset => dataset.Row.Text("project") is { } project ? projects[project] : own[dataset.Owner]).ToArray();
        Guid[] ids = [.. places.Distinct()];
        // Held until the commit, as for every child of a project.
        var ended = work.IsDryRun ? [] : ids.Except(await work.Platform.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM projects WHERE id = ANY ({ids}) AND deleted_at IS NULL ORDER BY id FOR SHARE").ToListAsync(cancellation)).ToHashSet();
        var taken = (await work.Platform.Datasets.Where(dataset => ids.Contains(dataset.ProjectId) && dataset.DeletedAt == null)
            .Select(dataset => new { dataset.ProjectId, Name = dataset.Name.ToLower() }).ToListAsync(cancellation)).Select(dataset => (dataset.ProjectId, dataset.Name)).ToHashSet();
        foreach (var ((row, name, owner), place) in ready.Zip(places))
        {
            if (ended.Contains(place))
                work.Leave(row, "The dataset was not imported: its project was deleted here.");
            else
                Make(row, UnusedName.Of(work, name, taken, place, row, "The project has a dataset", LongestName), owner, place, tasks);
        }
        await work.SaveAsync(work.Platform, rows, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private void Make(OldRow row, string name, Guid owner, Guid project, ILookup<string, string> labeled)
    {
        if (row.Text("visibility") is { } visibility && !string.Equals(visibility, "private", StringComparison.OrdinalIgnoreCase))
            work.Note(row, $"The dataset was visible to others ({visibility}); share it again.");
        var dataset = new Dataset
        {
            Id = ProjectImport.NewId(row.Time("createdAt") ?? work.Now), ProjectId = project, Name = name, Description = work.ProseOf(row, "description", LongestDescription),
            TaskType = TaskOf(row, [.. row.List("tasks"), .. labeled[row.Id]]), Split = SplitSettings.Default, CreatedBy = owner, CreatedAt = row.Time("createdAt") ?? work.Now, UpdatedAt = work.Now,
        };
        work.Add(work.Platform, dataset, row, dataset.Id);
    }

    private TaskType TaskOf(OldRow row, IReadOnlyList<string> named)
    {
        TaskType[] tasks = [.. named.Select(task => OriginalMapping.Find<TaskType>(work.Mapping.Tasks, task)).OfType<TaskType>().Distinct()];
        var task = tasks is [var first, ..] ? first : OriginalMapping.Find<TaskType>(work.Mapping.Tasks, work.Mapping.DefaultTask) ?? DefaultTask();
        if (tasks.Length > 1)
            work.Note(row, $"The dataset had several tasks ({string.Join(", ", tasks.Select(one => one.AsText()))}); here it is one for {task.AsText()}.");
        else if (tasks.Length == 0 && named.Count > 0)
            work.Note(row, $"The mapping does not name the task '{named[0]}' (tasks); the dataset is one for {task.AsText()}.");
        return task;
    }

    private TaskType DefaultTask() => EnumText.TryParse<TaskType>(work.Mapping.DefaultTask, out var task) ? task : TaskType.ImageClassification;

    /// <summary>A dataset says only what was published; its labeling project says what is labeled.</summary>
    private async Task<ILookup<string, string>> TasksOfLabelingAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        if (labelingProjects is null || rows.Count == 0)
            return Array.Empty<string>().ToLookup(task => task);
        var column = work.Mapping.Tables[ImportKinds.LabelingProjects]!.Columns["dataset"]!;
        var found = await OriginalReader.LookUpAsync(labelingProjects, OriginalReader.Quoted(column), [.. rows.Select(row => row.Id)], cancellation);
        return found.SelectMany(project => project.List("tasks").Select(task => (Dataset: project.Text("dataset") ?? "", task))).ToLookup(pair => pair.Dataset, pair => pair.task, StringComparer.Ordinal);
    }

    /// <summary>The project of each owner that takes datasets that are in none; made when it is missing.</summary>
    private async Task<Dictionary<Guid, Guid>> OwnProjectsAsync(IEnumerable<Guid> owners, CancellationToken cancellation)
    {
        Guid[] ids = [.. owners];
        var known = await work.FindAsync(ImportKinds.DatasetProjects, ids.Select(owner => owner.ToString()), cancellation);
        var own = ids.Where(owner => known.ContainsKey(owner.ToString())).ToDictionary(owner => owner, owner => known[owner.ToString()]);
        var name = work.Mapping.DatasetProject;
        foreach (var owner in ids.Where(owner => !own.ContainsKey(owner)))
        {
            var there = await work.Platform.Projects.Where(project => project.OwnerId == owner && project.DeletedAt == null && project.Name.ToLower() == name.ToLower()).Select(project => project.Id).FirstOrDefaultAsync(cancellation);
            if (there == default)
            {
                var project = new Project { Name = name, Description = "Datasets that were in no project before they were imported.", OwnerId = owner, CreatedAt = work.Now, UpdatedAt = work.Now };
                work.Platform.Projects.Add(project);
                there = project.Id;
            }
            work.Record(work.Platform, ImportKinds.DatasetProjects, owner.ToString(), there);
            own[owner] = there;
        }
        if (!work.IsDryRun)
            await work.Platform.SaveChangesAsync(cancellation);
        return own;
    }
}

/// <summary>Labeling projects. Each belongs to one dataset and is that dataset here; its list of classes is kept as JSON.</summary>
internal sealed class LabelingProjectImport(ImportWork work) : IRowImport
{
    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.LabelingProjects, rows.Select(row => row.Id), cancellation);
        var datasets = await work.FindAsync(ImportKinds.Datasets, rows.Select(row => row.Text("dataset")), cancellation);
        OldRow[] ready = [.. rows.Where(row => !known.ContainsKey(row.Id) && row.Text("dataset") is { } dataset && datasets.ContainsKey(dataset))];
        foreach (var row in rows.Where(row => !known.ContainsKey(row.Id)).Except(ready))
            work.Leave(row, $"The labeling project was not imported: its dataset {row.Text("dataset")} was not.");
        if (!work.IsDryRun)
            await KeptAnnotations.InsertAsync(
                work, [.. ready.Where(row => row.Json("classes") is not null).Select(row => new KeptAnnotation($"labelingProjects/{row.Id}", datasets[row.Text("dataset")!], "", "class_list", row.Json("classes")!.Value.GetRawText()))], cancellation);
        foreach (var row in ready)
            work.Record(work.Platform, ImportKinds.LabelingProjects, row.Id, datasets[row.Text("dataset")!]);
        work.Count(ready.Length);
        await work.SaveAsync(work.Platform, rows, cancellation);
    }
}
