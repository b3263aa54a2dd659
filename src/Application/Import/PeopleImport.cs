using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Organizations;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Import;

namespace VisionPlatform.Application.Import;

/// <summary>Organizations. One whose name is here already becomes that one.</summary>
internal sealed class OrganizationImport(ImportWork work) : IRowImport
{
    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.Organizations, rows.Select(row => row.Id), cancellation);
        var names = rows.Select(row => ImportWork.NameOf(row.Text("name"), OrganizationLimits.Name)).ToArray();
        var taken = await TakenAsync([.. names.Select(name => name.Name).OfType<string>()], cancellation);
        foreach (var (row, (name, problem)) in rows.Zip(names).Where(pair => !known.ContainsKey(pair.First.Id)))
        {
            if (name is null)
                work.Leave(row, $"The organization was not imported: {problem}.");
            else if (taken.TryGetValue(name.ToLowerInvariant(), out var there))
            {
                work.Note(row, $"There is an organization named '{name}' already; its people belong to that one.");
                work.Record(work.Users, ImportKinds.Organizations, row.Id, there);
            }
            else if (Make(row, name) is { } organization)
            {
                taken[name.ToLowerInvariant()] = organization.Id;
                work.Add(work.Users, organization, row, organization.Id);
            }
        }
        await work.SaveAsync(work.Users, rows, cancellation);
    }

    private async Task<Dictionary<string, Guid>> TakenAsync(string[] names, CancellationToken cancellation)
    {
        var rows = await work.Users.Database.SqlQuery<NameAndId>($"SELECT lower(name) AS name, id FROM organizations WHERE lower(name) IN (SELECT lower(wanted) FROM unnest({names}) AS wanted)").ToListAsync(cancellation);
        var taken = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var row in rows)
            taken[row.Name.ToLowerInvariant()] = row.Id;
        return taken;
    }

    private Organization? Make(OldRow row, string name)
    {
        int?[] limits = new int?[3];
        string[] fields = ["maxUsers", "maxStorageGb", "maxGpuHoursPerMonth"];
        for (var i = 0; i < fields.Length; i++)
        {
            if (row.Number(fields[i]) is not { } number)
                continue;
            if (number is < 0 or > OrganizationLimits.Quota)
            {
                work.Leave(row, $"The organization was not imported: {fields[i]} is {number}, which is not between 0 and {OrganizationLimits.Quota}.");
                return null;
            }
            limits[i] = (int)Math.Ceiling(number);
        }
        return new Organization
        {
            Name = name, Company = Optional(row, "company", OrganizationLimits.Company), Division = Optional(row, "division", OrganizationLimits.Division),
            MaxUsers = limits[0], MaxStorageGb = limits[1], MaxGpuHoursPerMonth = limits[2], CreatedAt = row.Time("createdAt") ?? work.Now, UpdatedAt = work.Now,
        };
    }

    private string? Optional(OldRow row, string field, int longest)
    {
        if (row.Text(field) is not { } text)
            return null;
        var (name, problem) = ImportWork.NameOf(text, longest);
        if (name is null)
            work.Note(row, $"Its {field} was left out, as {problem}.");
        return name;
    }

    private sealed record NameAndId(string Name, Guid Id);
}

/// <summary>
/// People. An address has one account here, whatever its case: whoever comes second becomes the account of the first. Passwords whose hash can be
/// verified here work as before; the others must be reset by mail.
/// </summary>
internal sealed partial class UserImport(ImportWork work) : IRowImport
{
    private const int LongestName = 200;

    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = await work.FindAsync(ImportKinds.Users, rows.SelectMany(row => new[] { row.Id, row.Text("otherId") }), cancellation);
        var organizations = await work.FindAsync(ImportKinds.Organizations, rows.Select(row => row.Text("organization")), cancellation);
        var addresses = rows.Select(row => EmailAddress.TryNormalise(row.Text("email"), out var normalised) ? normalised : null).ToArray();
        var accounts = await work.FindAccountsAsync([.. addresses.OfType<string>()], cancellation);
        var others = known.Keys.Concat(rows.Select(row => row.Id)).ToHashSet(StringComparer.Ordinal);
        foreach (var (row, address) in rows.Zip(addresses).Where(pair => !known.ContainsKey(pair.First.Id)))
        {
            if (address is null)
                work.Leave(row, $"The account was not imported: '{row.Text("email")}' is not an e-mail address.");
            else if (accounts.TryGetValue(address, out var there))
            {
                work.Note(row, $"The address {address} has an account already; what belonged to this one belongs to that one, which keeps its role and password.");
                work.Record(work.Users, ImportKinds.Users, row.Id, there);
                RecordOther(row, there, others);
            }
            else if (Make(row, address, organizations) is { } user)
            {
                accounts[address] = user.Id;
                work.PlanAccount(address, user.Id);
                work.Add(work.Users, user, row, user.Id);
                RecordOther(row, user.Id, others);
            }
        }
        await work.SaveAsync(work.Users, rows, cancellation);
    }

    private User? Make(OldRow row, string address, IReadOnlyDictionary<string, Guid> organizations)
    {
        var old = row.Text("role");
        if (old is not null && OriginalMapping.Find<SystemRole>(work.Mapping.SystemRoles, old) is null)
        {
            work.Leave(row, $"The account was not imported: the mapping does not name the role '{old}' (systemRoles).");
            return null;
        }
        Guid? organization = row.Text("organization") is { } wanted ? organizations.TryGetValue(wanted, out var found) ? found : null : null;
        if (row.Text("organization") is { } missing && organization is null)
            work.Note(row, $"The account is in no organization, as organization {missing} was not imported.");
        var hash = row.Text("passwordHash") is { } text && IsVerifiable(text) ? text : PasswordHashing.Unusable;
        if (hash == PasswordHashing.Unusable)
            work.Note(row, row.Text("passwordHash") is null ? "The account has no password: it must be reset." : "The password's hash cannot be verified here: it must be reset.");
        var (name, problem) = row.Text("fullName") is { } fullName ? ImportWork.NameOf(fullName, LongestName) : (null, null);
        if (problem is not null)
            work.Note(row, $"The person's name was left out: {problem}.");
        return new User
        {
            Email = row.Text("email")!, NormalizedEmail = address, FullName = name, PasswordHash = hash, OrganizationId = organization,
            Role = OriginalMapping.Find<SystemRole>(work.Mapping.SystemRoles, old) ?? SystemRole.Guest, IsActive = row.Flag("isActive") ?? true,
            CreatedAt = row.Time("createdAt") ?? work.Now, UpdatedAt = work.Now,
        };
    }

    /// <summary>Whether <see cref="PasswordHashing"/> can verify a hash: bcrypt, or ASP.NET Core Identity version 2 and 3.</summary>
    internal static bool IsVerifiable(string hash) =>
        BcryptHash().IsMatch(hash)
        || (hash.Length <= 500 && new byte[400] is var bytes && Convert.TryFromBase64String(hash, bytes, out var length) && (bytes[0], length) is (0, 49) or (1, >= 45));

    /// <summary>Other tables may name the person by another id, for example that of an identity provider.</summary>
    private void RecordOther(OldRow row, Guid user, HashSet<string> recorded)
    {
        if (row.Text("otherId") is { } other && recorded.Add(other))
            work.Record(work.Users, ImportKinds.Users, other, user);
    }

    [GeneratedRegex(@"^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$")]
    private static partial Regex BcryptHash();
}
