using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.Permissions;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Permissions;

/// <summary>
/// Calls every endpoint of the running app as every caller of the matrix in docs/permissions.md and compares the answers. A new endpoint
/// takes part as soon as it is declared: the committed file is then out of date, and the test fails if its example makes no valid request.
/// </summary>
public sealed class PermissionMatrixTests(PlatformHost host) : PlatformTests(host)
{
    // What a call needs beyond its declared example. The caller has no session or token with the example's id, so ending one answers 404.
    private static readonly Dictionary<string, Request> Requests = new(StringComparer.Ordinal)
    {
        ["RestartTrainingJob"] = new() { Job = MatrixWorld.EndedJob },
        ["GetTrainingValidation"] = new() { Job = MatrixWorld.EndedJob },
        ["EndOwnSession"] = new() { MayBeMissing = true },
        ["RevokePersonalToken"] = new() { MayBeMissing = true },
        ["AcceptInvitation"] = new() { MayBeMissing = true },
        // The app of these tests has no operations, archives, imports and proposals, and names no databases and buckets beside its own.
        ["GetAnnotationImport"] = new() { MayBeMissing = true },
        ["CompleteAnnotations"] = new() { MayBeMissing = true },
        ["CancelAnnotations"] = new() { MayBeMissing = true },
        ["GetProposalRun"] = new() { MayBeMissing = true },
        ["GetProposal"] = new() { MayBeMissing = true },
        ["AcceptProposal"] = new() { MayBeMissing = true },
        ["RejectProposal"] = new() { MayBeMissing = true },
        ["GetArchive"] = new() { MayBeMissing = true },
        ["ListArchiveEntries"] = new() { MayBeMissing = true },
        ["CompleteArchive"] = new() { MayBeMissing = true },
        ["CancelArchive"] = new() { MayBeMissing = true },
        ["GetOperation"] = new() { MayBeMissing = true },
        ["GetOperationEvents"] = new() { MayBeMissing = true },
        ["CancelOperation"] = new() { MayBeMissing = true },
        ["StartDatabaseCopy"] = new() { MayBeMissing = true },
        ["StartDatabaseComparison"] = new() { MayBeMissing = true },
        ["StartStorageSync"] = new() { MayBeMissing = true },
        ["StartStorageComparison"] = new() { MayBeMissing = true },
        ["ExplainOrchestration"] = new() { MayBeMissing = true },
    };

    // These calls end their own session.
    private static readonly string[] EndsSession = ["Logout", "LogoutEverywhere", "ChangeOwnPassword"];

    private sealed record Request
    {
        public string? Job { get; init; }

        /// <summary>Whether a 404 of this endpoint is an expected answer and does not mean that the resource is hidden.</summary>
        public bool MayBeMissing { get; init; }
    }

    private static string Document => Path.Combine(Repository.Root, "docs", "permissions.md");

    [Fact]
    public void The_committed_matrix_matches_the_code() =>
        Assert.True(File.Exists(Document) && File.ReadAllText(Document) == PermissionMatrix.Markdown(), "docs/permissions.md is out of date; write it with: ./platform permissions");

    [Fact]
    public async Task Every_endpoint_answers_every_caller_as_the_matrix_says()
    {
        var matrix = ReadMatrix();
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Matrix {Guid.CreateVersion7():n}" })).Expect(201).Id;
        using var owner = await Host.NewUserAsync(SystemRole.AdvancedEngineer);
        var wrong = new ConcurrentQueue<string>();

        await Parallel.ForEachAsync(AccessActor.All, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (actor, _) =>
        {
            using var client = await SignInAsync(actor, organization);
            var account = client.AccessToken is null ? (Guid?)null : client.UserId;
            var shared = await MatrixWorld.NewAsync(Host.App.Databases, account, actor.Project, organization, owner.UserId);
            foreach (var (method, function) in PermissionMatrix.Endpoints)
            {
                // Endpoints for anonymous callers ask for no permission. SessionTests cover the endpoints that end their own session.
                if (function.Access is AllowAnonymousAccessAttribute || (EndsSession.Contains(function.Name) && matrix[(PermissionMatrix.NameOf(method, function), actor.Name)] == PermissionMatrix.Yes))
                    continue;
                var world = method == "GET" ? shared : await MatrixWorld.NewAsync(Host.App.Databases, account, actor.Project, organization, owner.UserId);
                var expected = matrix[(PermissionMatrix.NameOf(method, function), actor.Name)];
                var answer = await CallAsync(client, actor, method, function, world);
                if (Problem(function, expected, answer) is { } problem)
                    wrong.Enqueue($"{PermissionMatrix.NameOf(method, function)} as {actor.Name}: {problem}: {answer.RawText[..Math.Min(300, answer.RawText.Length)]}");
            }
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
    }

    private static string? Problem(FunctionDeclaration function, string expected, ApiAnswer answer)
    {
        var (status, code) = ((int)answer.Status, answer.RawText.Length > 0 && answer.RawText[0] == '{' ? answer.Code : null);
        if (expected != PermissionMatrix.Yes)
        {
            if (status.ToString(System.Globalization.CultureInfo.InvariantCulture) != expected)
                return $"{expected} expected, {status} answered";
            return status == 403 && answer.Text("permission") != AccessPolicy.NameOf(((RequiresPermissionAttribute)function.Access!).Permission) ? "the missing permission is not named" : null;
        }
        if (status is 401 or 500 || (status == 403 && code is "FORBIDDEN" or "PASSWORD_CHANGE_REQUIRED") || status == 405)
            return $"let through expected, {status} answered";
        return status == 404 && !Requests.GetValueOrDefault(function.Name, new()).MayBeMissing ? "let through expected, 404 answered" : null;
    }

    private static async Task<ApiAnswer> CallAsync(ApiClient client, AccessActor actor, string method, FunctionDeclaration function, MatrixWorld world)
    {
        var request = Requests.GetValueOrDefault(function.Name, new());
        var body = function.Operation?.Body is null ? null
            : world.Fill(function.Operation.Example ?? throw new InvalidOperationException($"{function.Name} has a body and no example to call it with."));
        var query = string.Join('&', function.Queries.Where(parameter => parameter.Required)
            .Select(parameter => $"{parameter.Name}={world.Fill(parameter.Example ?? throw new InvalidOperationException($"{function.Name} has no example of {parameter.Name}."))}"));
        var words = new List<string>();
        var path = string.Join('/', function.Route.Split('/').Select(part =>
        {
            if (part[0] != '{')
            {
                words.Add(part);
                return part;
            }
            var example = Examples.After(words) ?? Guid.CreateVersion7().ToString();
            return example == Examples.TrainingJob && request.Job is { } job ? world.Ids[job].ToString() : world.Ids.TryGetValue(example, out var id) ? id.ToString() : example;
        }));
        using var message = new HttpRequestMessage(HttpMethod.Parse(method), $"/{path}{(query.Length > 0 ? "?" + query : "")}");
        if (body is not null)
            message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        // Event streams answer a page to a caller that accepts JSON.
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var token = actor.Name == "trainer" ? new AttemptTokens(new SignedToken(PlatformHost.JwtSecret, TimeProvider.System)).Mint(world.Attempt, DateTimeOffset.UtcNow.AddHours(1)) : client.AccessToken;
        if (token is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.Http.SendAsync(message);
        return new ApiAnswer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsStringAsync());
    }

    private async Task<ApiClient> SignInAsync(AccessActor actor, Guid organization)
    {
        if (actor.System is not { } role)
            return Host.App.NewClient();
        var client = await Host.NewUserAsync(role);
        if (actor.Belongs)
            (await Host.Admin.PutAsync($"organizations/{organization}/members/{client.UserId}")).Expect(200);
        if (actor.Scopes is { } scopes)
            client.WithToken((await client.PostAsync("auth/tokens", new { name = "matrix", scopes = scopes.Names })).Expect(201).Text("token"));
        return client;
    }

    /// <summary>The cells of the committed document by endpoint and caller.</summary>
    private static Dictionary<(string Endpoint, string Actor), string> ReadMatrix()
    {
        var rows = File.ReadLines(Document).SkipWhile(line => !line.StartsWith("| endpoint ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToList();
        var names = rows[0][2..];
        return rows.Skip(2).SelectMany(row => names.Select((name, i) => (Key: (row[0], name), Cell: row[i + 2]))).ToDictionary(cell => cell.Key, cell => cell.Cell);
    }
}
