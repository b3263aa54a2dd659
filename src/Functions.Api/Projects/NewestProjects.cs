using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Projects;

/// <summary>
/// The default list of projects, newest first. It is the most frequent query, so its SQL is written by hand: each half
/// reads its own index (owner and id; id), however many projects the caller may see.
/// </summary>
public sealed class NewestProjects([FromKeyedServices(Databases.Platform)] NpgsqlDataSource platform, [FromKeyedServices(Databases.Users)] NpgsqlDataSource users)
{
    private const string Columns = "id, name, description, owner_id, created_at, updated_at";

    private const string Owned =
        $"SELECT {Columns} FROM projects WHERE owner_id = $1 AND deleted_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3";

    private const string OwnedOrJoined =
        $"""
        ({Owned})
        UNION ALL
        (SELECT {Columns} FROM projects WHERE id = ANY ($4) AND owner_id <> $1 AND deleted_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3)
        ORDER BY id DESC LIMIT $3
        """;

    // Larger than every id: the first page begins here.
    private static readonly Guid End = Guid.AllBitsSet;

    /// <summary>Reads a page of the projects that a person owns or is a member of.</summary>
    public async Task<Page<ProjectAnswer>> ReadAsync(Guid owner, PageRequest page, CancellationToken cancellation)
    {
        var joined = await JoinedAsync(owner, cancellation);
        await using var command = platform.CreateCommand(joined.Length == 0 ? Owned : OwnedOrJoined);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = owner });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = page.After<Guid?>() ?? End });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = page.Limit + 1 });
        if (joined.Length > 0)
            command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = joined });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var found = new List<ProjectAnswer>(page.Limit + 1);
        while (await row.ReadAsync(cancellation))
            found.Add(new ProjectAnswer(
                row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetGuid(3),
                row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5)));
        return Page.Of(found, page, project => project.Id, project => project);
    }

    // Some may be deleted.
    private async Task<Guid[]> JoinedAsync(Guid user, CancellationToken cancellation)
    {
        await using var command = users.CreateCommand("SELECT array(SELECT project_id FROM project_members WHERE user_id = $1)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = user });
        return (Guid[])(await command.ExecuteScalarAsync(cancellation))!;
    }
}
