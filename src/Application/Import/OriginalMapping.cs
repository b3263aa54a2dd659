using System.Text.Json;
using System.Text.Json.Serialization;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Import;

namespace VisionPlatform.Application.Import;

/// <summary>
/// What the tables, columns, roles and tasks of another system are called here. It is a JSON file; <c>platform-cli import original --print-mapping</c>
/// prints the one of the system that this product replaces.
/// </summary>
/// <param name="System">Name of the other system. The ids of its rows are recorded under it, so that two systems can be imported.</param>
/// <param name="Tables">Kind of row → table; a kind that is left out or null is not imported.</param>
/// <param name="SystemRoles">Role of a person there → <see cref="SystemRole"/>.</param>
/// <param name="ProjectRoles">Role in a project there → <see cref="ProjectRole"/>.</param>
/// <param name="DatasetRoles">Role in a dataset or a labeling project there → <see cref="DatasetRole"/>.</param>
/// <param name="Tasks">Task there → <see cref="TaskType"/>.</param>
/// <param name="DefaultTask">Task of a dataset that names none.</param>
/// <param name="DatasetProject">Name of the project that is made for each owner of datasets that are in no project.</param>
/// <param name="ClassLabels">Types of annotations that are the class of the whole image.</param>
public sealed record OriginalMapping(
    string System, IReadOnlyDictionary<string, TableMapping?> Tables, IReadOnlyDictionary<string, string> SystemRoles, IReadOnlyDictionary<string, string> ProjectRoles,
    IReadOnlyDictionary<string, string> DatasetRoles, IReadOnlyDictionary<string, string> Tasks, string DefaultTask, string DatasetProject, IReadOnlyList<string> ClassLabels)
{
    /// <summary>Kinds of rows in the order in which they are imported, each with its fields; a star marks a field that a mapping must name.</summary>
    public static IReadOnlyList<(string Kind, string[] Fields)> Kinds { get; } =
    [
        (ImportKinds.Organizations, ["name*", "company", "division", "maxUsers", "maxStorageGb", "maxGpuHoursPerMonth", "createdAt"]),
        (ImportKinds.Users, ["email*", "otherId", "passwordHash", "fullName", "role", "isActive", "organization", "createdAt"]),
        (ImportKinds.Projects, ["name*", "description", "owner*", "createdAt"]),
        (ImportKinds.ProjectMembers, ["project*", "user*", "role*", "createdAt"]),
        (ImportKinds.Datasets, ["name*", "description", "owner*", "project", "tasks", "format", "visibility", "isSnapshot", "createdAt"]),
        (ImportKinds.DatasetMembers, ["dataset*", "user*", "role*", "createdAt"]),
        (ImportKinds.LabelingProjects, ["dataset*", "tasks", "classes"]),
        (ImportKinds.LabelingMembers, ["labelingProject*", "user*", "role*", "createdAt"]),
        (ImportKinds.Images, ["dataset*", "path*", "key*", "createdAt"]),
        (ImportKinds.Annotations, ["labelingProject*", "image*", "type*", "task", "class", "geometry", "attributes", "confidence", "state", "createdBy", "createdAt"]),
    ];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true,
    };

    /// <summary>The text of the mapping of the system that this product replaces.</summary>
    public static string DefaultText
    {
        get
        {
            using var file = typeof(OriginalMapping).Assembly.GetManifestResourceStream("original-mapping.json")!;
            return new StreamReader(file).ReadToEnd();
        }
    }

    /// <summary>Reads and checks a mapping.</summary>
    /// <exception cref="OperationException">It is wrong; the message says where.</exception>
    public static OriginalMapping Parse(string text)
    {
        OriginalMapping mapping;
        try
        {
            mapping = JsonSerializer.Deserialize<OriginalMapping>(text, Json)!;
        }
        catch (JsonException wrong)
        {
            throw new OperationException($"the mapping cannot be read: {wrong.Message}", wrong);
        }
        return mapping?.FirstProblem() is { } problem ? throw new OperationException($"the mapping is wrong: {problem}") : mapping ?? throw new OperationException("the mapping is empty");
    }

    /// <summary>The role or task that a mapping names; null when it names none.</summary>
    public static T? Find<T>(IReadOnlyDictionary<string, string> names, string? old) where T : struct, Enum =>
        old is not null && names.FirstOrDefault(pair => string.Equals(pair.Key, old, StringComparison.OrdinalIgnoreCase)).Value is { } name && EnumText.TryParse<T>(name, out var value) ? value : null;

    private string? FirstProblem()
    {
        if (System is not { Length: > 0 and <= ImportedRow.MaximumSystem })
            return $"system is a name of at most {ImportedRow.MaximumSystem} characters";
        foreach (var (kind, table) in Tables)
        {
            if (Kinds.FirstOrDefault(known => known.Kind == kind).Fields is not { } fields)
                return $"there is no kind of rows '{kind}'; known are {string.Join(", ", Kinds.Select(known => known.Kind))}";
            if (table is null)
                continue;
            if (table.Table is not { Length: > 0 } || table.Key is not { Count: > 0 } || table.Columns is null)
                return $"tables.{kind} needs table, key and columns";
            if (table.Columns.Keys.FirstOrDefault(column => !fields.Any(field => field.TrimEnd('*') == column)) is { } unknown)
                return $"there is no field {kind}.{unknown}; known are {string.Join(", ", fields.Select(field => field.TrimEnd('*')))}";
            if (fields.FirstOrDefault(field => field.EndsWith('*') && table.Columns.GetValueOrDefault(field.TrimEnd('*')) is null) is { } missing)
                return $"{kind}.{missing.TrimEnd('*')} needs a column";
        }
        return Unknown<SystemRole>("systemRoles", SystemRoles.Values) ?? Unknown<ProjectRole>("projectRoles", ProjectRoles.Values, ProjectRole.Owner)
            ?? Unknown<DatasetRole>("datasetRoles", DatasetRoles.Values, DatasetRole.Owner) ?? Unknown<TaskType>("tasks", Tasks.Values) ?? Unknown<TaskType>("defaultTask", [DefaultTask]);
    }

    /// <param name="except">A role that no member has; the row of the project or dataset names its owner.</param>
    private static string? Unknown<T>(string where, IEnumerable<string> names, T? except = null) where T : struct, Enum =>
        names.FirstOrDefault(name => !EnumText.TryParse<T>(name, out var value) || value.Equals(except)) is { } unknown
            ? $"{where} names '{unknown}'; known are {string.Join(", ", Enum.GetValues<T>().Where(value => !value.Equals(except)).Select(value => value.AsText()))}"
            : null;
}

/// <summary>The kinds of rows that can be imported, as mappings call them.</summary>
public static class ImportKinds
{
    public const string Organizations = "organizations", Users = "users", Projects = "projects", ProjectMembers = "projectMembers", Datasets = "datasets",
        DatasetMembers = "datasetMembers", LabelingProjects = "labelingProjects", LabelingMembers = "labelingMembers", Images = "images", Annotations = "annotations";

    /// <summary>Projects that the import made itself for datasets that are in no project; the old id is that of the owner.</summary>
    internal const string DatasetProjects = "datasetProjects";
}
