using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>
/// Nothing begins under a parent that ends at the same moment. For each pair of an end and a beginning, both requests are let in while the test
/// holds the parent's row, so that each has passed its checks before either can go on; then they go on in one order and in the other.
/// </summary>
public sealed class ParentEndTests(PlatformHost host) : PlatformTests(host)
{
    /// <summary>A request that ends a parent.</summary>
    /// <param name="Operation">Its operation.</param>
    /// <param name="Database">Where the parent is.</param>
    /// <param name="Lock">The statement that locks the parent.</param>
    private sealed record End(string Operation, string Database, string Lock);

    private static readonly End Project = new("deleteProject", Databases.Platform, $"SELECT FROM projects WHERE id = '{Examples.Project}' FOR UPDATE");
    private static readonly End Dataset = new("deleteDataset", Databases.Platform, $"SELECT FROM datasets WHERE id = '{Examples.Dataset}' FOR UPDATE");
    private static readonly End Organization = new("deleteOrganization", Databases.Users, $"SELECT FROM organizations WHERE id = '{Examples.Organization}' FOR UPDATE");
    private static readonly End Deactivation = new("deactivateUser", Databases.Users, $"SELECT FROM users WHERE id = '{Examples.Colleague}' FOR UPDATE");
    private static readonly End Deletion = new("deleteUser", Databases.Users, $"SELECT FROM users WHERE id = '{Examples.Colleague}' FOR UPDATE");

    /// <summary>A request that begins something under parents.</summary>
    /// <param name="Operation">Its operation; sent with its example.</param>
    /// <param name="Ends">The ends of its parents.</param>
    private sealed record Beginning(string Operation, params End[] Ends)
    {
        /// <summary>Whether the colleague, whose account may end, sends it. Otherwise the owner of everything does.</summary>
        public bool ByColleague { get; init; }

        /// <summary>Sent in place of the example.</summary>
        public string? Body { get; init; }

        /// <summary>What has to be otherwise in the user database.</summary>
        public string? Users { get; init; }

        /// <summary>Whether it answers the same whatever it does.</summary>
        public bool AnswersAlike { get; init; }
    }

    private const string ColleagueEmail = "cem@example.com", ColleagueSession = "01995b5e-0a00-7000-8000-0000000000aa", ColleagueRefreshToken = "refresh token of the colleague";

    private const string ToColleague = $"UPDATE invitations SET email = '{ColleagueEmail}', normalized_email = '{ColleagueEmail}'";
    private const string ToDataset = $"UPDATE invitations SET kind = 'dataset', target_id = '{Examples.Dataset}', role = 'viewer'";
    private const string ToOrganization = $"UPDATE invitations SET kind = 'organization', target_id = '{Examples.Organization}', role = 'guest'";
    private const string Joined = $"INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ('{Examples.Project}', '{Examples.Colleague}', 'member', now())";

    private static readonly Beginning[] Beginnings =
    [
        new("createDataset", Project),
        new("createTrainingJob", Project, Dataset),
        new("startTrainingJob", Project, Dataset),
        new("restartTrainingJob", Project, Dataset),
        new("cloneTrainingJob", Project, Dataset),
        new("createSweep", Project, Dataset),
        new("createPrediction", Project, Dataset),
        new("createExports", Project),
        new("createDeployment", Project),
        new("addDeploymentRevision", Project),
        new("activateDeploymentRevision", Project),
        new("rollBackDeployment", Project),
        new("startDeploymentCanary", Project),
        new("startDeploymentShadow", Project),
        new("announceUploads", Project, Dataset),
        new("completeUploads", Project, Dataset),
        new("announceArchive", Project, Dataset),
        new("announceAnnotations", Project, Dataset),
        new("replaceImageAnnotations", Project, Dataset),
        new("startProposalRun", Project, Dataset),
        new("acceptProposal", Project, Dataset),
        new("publishDataset", Project, Dataset),
        new("inviteToProject", Project),
        new("inviteToDataset", Project, Dataset),
        new("inviteToOrganization", Organization),
        new("resendInvitation", Project),
        new("resendInvitation", Project, Dataset) { Users = ToDataset },
        new("resendInvitation", Organization) { Users = ToOrganization + ", state = 'expired'" },
        new("acceptInvitation", Project, Deactivation, Deletion) { Users = ToColleague, ByColleague = true },
        new("acceptInvitation", Project, Dataset) { Users = $"{ToColleague}; {ToDataset}", ByColleague = true },
        new("acceptInvitation", Organization) { Users = $"{ToColleague}; {ToOrganization}", ByColleague = true },
        new("signUpInvited", Project),
        new("signUpInvited", Project, Dataset) { Users = ToDataset },
        new("signUpInvited", Organization) { Users = ToOrganization },
        new("addProjectMember", Project, Deletion),
        new("addOrganizationMember", Organization),
        new("transferProject", Project, Deletion) { Users = Joined, Body = $$"""{"userId":"{{Examples.Colleague}}"}""" },
        new("changeProjectOwner", Project, Deletion) { Body = $$"""{"userId":"{{Examples.Colleague}}"}""" },
        new("createProject", Deletion) { ByColleague = true },
        new("createPersonalToken", Deactivation, Deletion) { ByColleague = true },
        new("login", Deactivation, Deletion) { Body = $$"""{"email":"{{ColleagueEmail}}","password":"{{Examples.Password}}"}""" },
        new("refreshSession", Deactivation, Deletion) { Body = $$"""{"refreshToken":"{{ColleagueRefreshToken}}"}""" },
        new("changeOwnPassword", Deactivation, Deletion) { ByColleague = true },
        new("updateOwnAccount", Deactivation, Deletion)
        {
            ByColleague = true, Body = $$"""{"fullName":"Cem","badgeColor":null,"email":"new.cem@example.com","currentPassword":"{{Examples.Password}}"}""",
        },
        new("forgotPassword", Deactivation, Deletion) { Body = $$"""{"email":"{{ColleagueEmail}}"}""", AnswersAlike = true },
    ];

    /// <summary>The other requests that could begin something, and why they are not in the table.</summary>
    private static readonly Dictionary<string, string> BeginNothing = new(StringComparer.Ordinal)
    {
        ["signUp"] = "It has no parent.", ["confirmSignUp"] = "It has no parent.", ["createOrganization"] = "It has no parent.",
        ["createServiceToken"] = "It stores nothing. The token is checked together with the account whenever it is used.",
        ["replaceLabelingPreferences"] = "A note of the account to itself, which nobody else reads.",
        ["completeArchive"] = "It continues what announceArchive began, and ends with the dataset; ArchiveTests of Application.Tests.", ["cancelArchive"] = "It ends.",
        ["completeAnnotations"] = "It continues what announceAnnotations began, and ends with the dataset; AnnotationImportTests of Application.Tests.", ["cancelAnnotations"] = "It ends.",
        ["addDatasetClasses"] = "It changes one row.",
        ["predict"] = "It stores only a count.",
        ["reportAttemptEvents"] = "It changes the attempt under its lock; EventIngestTests.",
        ["requestAttemptUpload"] = "An address. What is put there counts only if an event of the running attempt names it.",
        ["completeAttemptUpload"] = "The same.",
        ["requestAttemptImages"] = "It reads.", ["startBackup"] = "It has no parent.",
        ["startDatabaseCopy"] = "It has no parent.", ["startDatabaseComparison"] = "It has no parent.", ["startStorageSync"] = "It has no parent.", ["startStorageComparison"] = "It has no parent.",
        ["startRestore"] = "It has no parent.", ["startBackupVerification"] = "It has no parent.", ["startDrill"] = "It has no parent.", ["cancelOperation"] = "It ends.",
        ["cancelTrainingJob"] = "It ends.", ["cancelSweep"] = "It ends.", ["cancelPrediction"] = "It ends.", ["markTrainingJob"] = "It changes one row.", ["prioritizeTrainingJob"] = "It changes one row.", ["leaveProject"] = "It ends.", ["logout"] = "It ends.", ["logoutEverywhere"] = "It ends.", ["declineInvitation"] = "It ends.", ["deactivateUser"] = "It ends.",
        ["previewInvitation"] = "It reads.",
        ["updateProject"] = "It changes one row.", ["updateOrganization"] = "It changes one row.", ["updateUser"] = "It changes one row.", ["updateUserRole"] = "It changes one row.",
        ["updateProjectMember"] = "It changes one row.", ["updateDatasetMember"] = "It changes one row.", ["reactivateUser"] = "It changes one row.",
        ["confirmEmail"] = "It changes one row.", ["resetPassword"] = "It changes one row.",
    };

    /// <summary>What must not be, in the platform database.</summary>
    private static readonly (string What, string Count)[] PlatformRules =
    [
        ("a dataset of a deleted project", "SELECT count(*) FROM datasets d JOIN projects p ON p.id = d.project_id WHERE p.deleted_at IS NOT NULL AND d.deleted_at IS NULL"),
        ("a job under way in a deleted project", "SELECT count(*) FROM training_jobs j JOIN projects p ON p.id = j.project_id WHERE p.deleted_at IS NOT NULL AND j.completed_at IS NULL"),
        ("a prediction under way in a deleted project", "SELECT count(*) FROM predictions r JOIN projects p ON p.id = r.project_id WHERE p.deleted_at IS NOT NULL AND r.completed_at IS NULL"),
        ("a sweep under way in a deleted project", "SELECT count(*) FROM sweeps s JOIN projects p ON p.id = s.project_id WHERE p.deleted_at IS NOT NULL AND s.completed_at IS NULL"),
        ("an export under way in a deleted project", "SELECT count(*) FROM exports e JOIN projects p ON p.id = e.project_id WHERE p.deleted_at IS NOT NULL AND e.completed_at IS NULL"),
        ("a deployment of a deleted project that answers", "SELECT count(*) FROM deployments d JOIN projects p ON p.id = d.project_id WHERE p.deleted_at IS NOT NULL AND d.state IN ('pending', 'deploying', 'active')"),
        ("an upload to a deleted dataset", "SELECT count(*) FROM dataset_uploads u JOIN datasets d ON d.id = u.dataset_id WHERE u.expires_at > d.deleted_at"),
        ("an import of annotations under way in a deleted dataset", "SELECT count(*) FROM annotation_imports i JOIN datasets d ON d.id = i.dataset_id WHERE d.deleted_at IS NOT NULL AND i.state IN ('announced', 'importing')"),
        ("work on proposals under way in a deleted dataset", "SELECT count(*) FROM proposal_runs r JOIN datasets d ON d.id = r.dataset_id WHERE d.deleted_at IS NOT NULL AND r.state = 'running'"),
        ("an archive under way in a deleted dataset", "SELECT count(*) FROM dataset_archives a JOIN datasets d ON d.id = a.dataset_id WHERE d.deleted_at IS NOT NULL AND a.state IN ('announced', 'unpacking')"),
        ("a version of a deleted dataset that is being published", "SELECT count(*) FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE d.deleted_at IS NOT NULL AND v.state = 'publishing'"),
    ];

    /// <summary>The same in the user database. $1 are the ids of deleted projects and datasets, or those of the owners of projects.</summary>
    private static readonly (string What, string Count)[] UserRules =
    [
        ("a member of a deleted project", "SELECT count(*) FROM project_members WHERE project_id = ANY($1)"),
        ("a member of a deleted dataset", "SELECT count(*) FROM dataset_members WHERE dataset_id = ANY($1)"),
        ("an invitation to something deleted", "SELECT count(*) FROM invitations WHERE target_id = ANY($1) AND state = 'pending'"),
        ("an invitation to a deleted organization", "SELECT count(*) FROM invitations i WHERE kind = 'organization' AND state = 'pending' AND NOT EXISTS (SELECT FROM organizations o WHERE o.id = i.target_id)"),
        ("a session of an account that is not active", "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE NOT u.is_active AND s.ended_at IS NULL"),
        ("a token of an account that is not active", "SELECT count(*) FROM personal_tokens t JOIN users u ON u.id = t.user_id WHERE NOT u.is_active AND t.revoked_at IS NULL"),
        ("a mailed link of an account that is not active", "SELECT count(*) FROM mailed_tokens t JOIN users u ON u.id = t.user_id WHERE NOT u.is_active AND t.used_at IS NULL"),
        ("a project whose owner is deleted", "SELECT count(*) FROM unnest($1) AS owner WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = owner)"),
    ];

    [Fact]
    public void Every_operation_that_can_begin_something_is_in_the_table()
    {
        var known = Beginnings.Select(beginning => beginning.Operation).Concat(BeginNothing.Keys).ToHashSet();
        var operations = ApiDescription.Present.Operations.Where(operation => operation.Method is "POST" or "PUT" or "PATCH").Select(operation => operation.Id).ToHashSet();

        Assert.True(operations.SetEquals(known), $"Add to the table: {string.Join(", ", operations.Except(known))}. Remove from it: {string.Join(", ", known.Except(operations))}.");
    }

    [Fact]
    public async Task Nothing_begins_under_a_parent_that_ends_at_the_same_moment()
    {
        await using var contract = await ContractApp.StartAsync(Host);
        var wrong = new List<string>();
        foreach (var beginning in Beginnings)
            foreach (var end in beginning.Ends)
                foreach (var endFirst in new[] { true, false })
                {
                    await PrepareAsync(contract, beginning, end);
                    var (ended, begun) = await RaceAsync(contract, beginning, end, endFirst);
                    var pair = $"{(endFirst ? $"{end.Operation}, then {beginning.Operation}" : $"{beginning.Operation}, then {end.Operation}")} ({beginning.Users})";
                    if ((int)ended.Status >= 500 || (int)begun.Status >= 500)
                        wrong.Add($"{pair}: {end.Operation} answered {(int)ended.Status} {ended.RawText}, {beginning.Operation} answered {(int)begun.Status} {begun.RawText}");
                    if (endFirst && (int)ended.Status >= 300)
                        wrong.Add($"{pair}: the end was refused: {ended.RawText}");
                    if (endFirst && (int)begun.Status < 300 && !beginning.AnswersAlike)
                        wrong.Add($"{pair}: it began after the end: {(int)begun.Status} {begun.RawText}");
                    wrong.AddRange((await BrokenRulesAsync(contract)).Select(rule => $"{pair}: there is {rule}. {end.Operation} answered {(int)ended.Status}, {beginning.Operation} {(int)begun.Status} {begun.RawText}"));
                }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private async Task PrepareAsync(ContractApp contract, Beginning beginning, End end)
    {
        await contract.Data.ResetAsync(beginning.Operation, end.Operation);
        await using var users = contract.App.Databases.OpenUsers();
        users.Sessions.Add(new UserSession
        {
            Id = Guid.Parse(ColleagueSession), UserId = Guid.Parse(Examples.Colleague), CreatedAt = DateTimeOffset.UtcNow, LastUsedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
        users.RefreshTokens.Add(new RefreshToken
        {
            UserId = Guid.Parse(Examples.Colleague), SessionId = Guid.Parse(ColleagueSession), TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(ColleagueRefreshToken)),
            CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddDays(1),
        });
        await users.SaveChangesAsync();
        if (beginning.Users is { } sql)
            await users.Database.ExecuteSqlRawAsync(sql);
        if (beginning.Operation != "completeUploads")
            return;
        // Something is stored, though not what was announced: the upload is removed, under the lock of its dataset.
        await using var platform = contract.App.Databases.OpenPlatform();
        using var stores = Host.OpenStores();
        await stores.External.PutAsync(await platform.DatasetUploads.Select(upload => upload.Key).SingleAsync(), "no image"u8.ToArray(), "image/png", CancellationToken.None);
    }

    private static async Task<(ApiAnswer Ended, ApiAnswer Begun)> RaceAsync(ContractApp contract, Beginning beginning, End end, bool endFirst)
    {
        await using var holder = new NpgsqlConnection(TestDatabases.ConnectionString(contract.App.Databases.Urls[end.Database]));
        await holder.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand(end.Lock, holder, transaction))
            await hold.ExecuteNonQueryAsync();

        Func<Task<ApiAnswer>> ending = () => SendAsync(contract, end.Operation, null, byColleague: false), begin = () => SendAsync(contract, beginning.Operation, beginning.Body, beginning.ByColleague);
        var first = (endFirst ? ending : begin)();
        await WaitsOrIsDoneAsync(contract, first);
        var second = (endFirst ? begin : ending)();
        await WaitsOrIsDoneAsync(contract, first, second);
        await transaction.CommitAsync();
        var answers = (await first, await second);
        return endFirst ? answers : (answers.Item2, answers.Item1);
    }

    /// <summary>Waits until each request has an answer or waits for a lock.</summary>
    private static Task WaitsOrIsDoneAsync(ContractApp contract, params Task[] requests) => Waiting.UntilAsync(async () =>
    {
        var expected = requests.Count(request => !request.IsCompleted);
        await using var database = contract.App.Databases.OpenUsers();
        string[] names = [.. contract.App.Databases.Urls.Values.Select(url => new Uri(url).AbsolutePath.Trim('/'))];
        var waiting = await database.Database.SqlQuery<int>(
            $"SELECT count(*)::int AS \"Value\" FROM pg_stat_activity WHERE datname = ANY({names}) AND wait_event_type = 'Lock'").SingleAsync();
        return waiting >= expected || requests.All(request => request.IsCompleted);
    }, "each request waits for a lock or is done", everyMilliseconds: 5);

    private static Task<ApiAnswer> SendAsync(ContractApp contract, string operationId, string? body, bool byColleague)
    {
        var operation = ApiDescription.Present.Operations.Single(one => one.Id == operationId);
        (string, string)[] headers = byColleague ? [("Authorization", $"Bearer {contract.TokenOf(Examples.Colleague, ColleagueSession)}")] : [];
        return contract.SendAsync(operation, operation.ExampleAddress(), body ?? operation.BodyExample?.GetRawText(), headers);
    }

    private static async Task<IReadOnlyList<string>> BrokenRulesAsync(ContractApp contract)
    {
        var broken = new List<string>();
        await using var platform = contract.App.Databases.OpenPlatform();
        foreach (var (what, count) in PlatformRules)
            if (await CountAsync(platform, count) > 0)
                broken.Add(what);
        var ended = await platform.Projects.Where(project => project.DeletedAt != null).Select(project => project.Id)
            .Concat(platform.Datasets.Where(dataset => dataset.DeletedAt != null).Select(dataset => dataset.Id)).ToArrayAsync();
        var owners = await platform.Projects.Where(project => project.DeletedAt == null).Select(project => project.OwnerId).ToArrayAsync();
        await using var users = contract.App.Databases.OpenUsers();
        foreach (var (what, count) in UserRules)
            if (await CountAsync(users, count, count.Contains("AS owner", StringComparison.Ordinal) ? owners : ended) > 0)
                broken.Add(what);
        return broken;
    }

    private static async Task<long> CountAsync(DbContext database, string sql, Guid[]? ids = null)
    {
        await database.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)database.Database.GetDbConnection());
        if (sql.Contains("$1", StringComparison.Ordinal))
            command.Parameters.Add(new() { Value = ids });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
