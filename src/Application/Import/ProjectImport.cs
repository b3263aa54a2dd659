using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Import;

/// <summary>Projects. A name that the owner has already used gets the old id appended.</summary>
internal sealed class ProjectImport(ImportWork work) : IRowImport
{
    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.Projects, rows.Select(row => row.Id), cancellation);
        var owners = await work.FindAsync(ImportKinds.Users, rows.Select(row => row.Text("owner")), cancellation);
        await using var held = work.IsDryRun ? null : await HeldAccounts.HoldAsync(work.Users, owners.Values, cancellation);
        Guid[] ids = [.. owners.Values];
        var taken = (await work.Platform.Projects.Where(project => ids.Contains(project.OwnerId) && project.DeletedAt == null)
            .Select(project => new { project.OwnerId, Name = project.Name.ToLower() }).ToListAsync(cancellation)).Select(project => (project.OwnerId, project.Name)).ToHashSet();
        foreach (var row in rows.Where(row => !known.ContainsKey(row.Id)))
        {
            var (name, problem) = ImportWork.NameOf(row.Text("name"), ProjectLimits.Name);
            if (name is null)
                work.Leave(row, $"The project was not imported: {problem}.");
            else if (row.Text("owner") is not { } owner || !owners.TryGetValue(owner, out var ownerId))
                work.Leave(row, $"The project was not imported: its owner {row.Text("owner")} was not.");
            else
            {
                name = UnusedName.Of(work, name, taken, ownerId, row, "The owner has a project", ProjectLimits.Name);
                var project = new Project
                {
                    Id = NewId(row.Time("createdAt") ?? work.Now), Name = name, Description = work.ProseOf(row, "description", ProjectLimits.Description), OwnerId = ownerId,
                    CreatedAt = row.Time("createdAt") ?? work.Now, UpdatedAt = work.Now,
                };
                work.Add(work.Platform, project, row, project.Id);
            }
        }
        await work.SaveAsync(work.Platform, rows, cancellation);
    }

    /// <summary>An id that sorts by when the row was made there.</summary>
    internal static Guid NewId(DateTimeOffset created) => Guid.CreateVersion7(created);

}

/// <summary>Names that must be unique under a parent, regardless of case.</summary>
internal static class UnusedName
{
    /// <summary>The name, or if it is taken, the name with the old id behind it, which is noted.</summary>
    public static string Of(ImportWork work, string name, HashSet<(Guid Parent, string Name)> taken, Guid parent, OldRow row, string whoHas, int longest)
    {
        if (taken.Add((parent, name.ToLowerInvariant())))
            return name;
        var end = $" ({row.Id})";
        var other = (name.Length + end.Length <= longest ? name : name[..(longest - end.Length)]) + end;
        work.Note(row, $"{whoHas} '{name}' already; this one is called '{other}'.");
        taken.Add((parent, other.ToLowerInvariant()));
        return other;
    }
}

/// <summary>Locks the accounts of owners, so that nobody deletes them during the import. It does not lock inactive accounts.</summary>
internal sealed class HeldAccounts : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _holds = [];

    public static async Task<HeldAccounts> HoldAsync(UserDatabase users, IEnumerable<Guid> accounts, CancellationToken cancellation)
    {
        var held = new HeldAccounts();
        try
        {
            // In one order, so that two imports do not wait for each other.
            foreach (var account in accounts.Distinct().Order())
                if (await users.HoldAccountAsync(account, cancellation) is { } hold)
                    held._holds.Add(hold);
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hold in _holds)
            await hold.DisposeAsync();
    }
}

/// <summary>Members of projects, datasets and labeling projects. The owner of a project is no member of it or of its datasets; of several roles of a person the first stays.</summary>
/// <param name="work">The batch.</param>
/// <param name="parentField">The field that names what people are members of.</param>
/// <param name="parentKind">Its kind: a project, a dataset, or a labeling project, which is a dataset here.</param>
internal sealed class MemberImport(ImportWork work, string parentField, string parentKind) : IRowImport
{
    private bool IsOfProjects => parentKind == ImportKinds.Projects;

    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(work.Kind, rows.Select(row => row.Id), cancellation);
        var parents = await work.FindAsync(parentKind, rows.Select(row => row.Text(parentField)), cancellation);
        var people = await work.FindAsync(ImportKinds.Users, rows.Select(row => row.Text("user")), cancellation);
        Guid[] ids = [.. parents.Values.Distinct()];
        var owners = IsOfProjects
            ? await work.Platform.Projects.Where(project => ids.Contains(project.Id)).ToDictionaryAsync(project => project.Id, project => project.OwnerId, cancellation)
            : await work.Platform.Datasets.Where(dataset => ids.Contains(dataset.Id)).Join(work.Platform.Projects, dataset => dataset.ProjectId, project => project.Id, (dataset, project) => new { dataset.Id, project.OwnerId })
                .ToDictionaryAsync(dataset => dataset.Id, dataset => dataset.OwnerId, cancellation);
        var members = (IsOfProjects
            ? await work.Users.ProjectMembers.Where(member => ids.Contains(member.ProjectId)).Select(member => new { Parent = member.ProjectId, member.UserId }).ToListAsync(cancellation)
            : await work.Users.DatasetMembers.Where(member => ids.Contains(member.DatasetId)).Select(member => new { Parent = member.DatasetId, member.UserId }).ToListAsync(cancellation))
            .Select(member => (member.Parent, member.UserId)).ToHashSet();
        foreach (var row in rows.Where(row => !known.ContainsKey(row.Id)))
            Import(row, parents, people, owners, members);
        await work.SaveAsync(work.Users, rows, cancellation);
    }

    private void Import(
        OldRow row, IReadOnlyDictionary<string, Guid> parents, IReadOnlyDictionary<string, Guid> people, Dictionary<Guid, Guid> owners, HashSet<(Guid, Guid)> members)
    {
        if (row.Text(parentField) is not { } parent || !parents.TryGetValue(parent, out var parentId))
            work.Leave(row, $"The membership was not imported: {parentField} {row.Text(parentField)} was not.");
        else if (row.Text("user") is not { } person || !people.TryGetValue(person, out var userId))
            work.Leave(row, $"The membership was not imported: user {row.Text("user")} was not.");
        else if (owners.GetValueOrDefault(parentId) == userId)
            work.Record(work.Users, work.Kind, row.Id, userId);
        else if (RoleOf(row) is not { } role)
            work.Leave(row, $"The membership was not imported: the mapping does not name the role '{row.Text("role")}' ({(IsOfProjects ? "projectRoles" : "datasetRoles")}).");
        else if (!members.Add((parentId, userId)))
        {
            work.Note(row, "The person is a member already, and keeps that role.");
            work.Record(work.Users, work.Kind, row.Id, userId);
        }
        else
            work.Add(work.Users, Member(parentId, userId, role, row.Time("createdAt") ?? work.Now), row, userId);
    }

    private Enum? RoleOf(OldRow row) => IsOfProjects
        ? OriginalMapping.Find<ProjectRole>(work.Mapping.ProjectRoles, row.Text("role"))
        : OriginalMapping.Find<DatasetRole>(work.Mapping.DatasetRoles, row.Text("role"));

    private object Member(Guid parent, Guid user, Enum role, DateTimeOffset created) => IsOfProjects
        ? new ProjectMember { ProjectId = parent, UserId = user, Role = (ProjectRole)role, CreatedAt = created }
        : new DatasetMember { DatasetId = parent, UserId = user, Role = (DatasetRole)role, CreatedAt = created };
}
