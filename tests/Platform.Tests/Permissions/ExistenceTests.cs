using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Permissions;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Permissions;

/// <summary>Nobody can find out which ids exist: everywhere, the id of something of another tenant is answered like an id that nothing has.</summary>
public sealed partial class ExistenceTests(PlatformHost host) : PlatformTests(host)
{
    /// <summary>Headers that differ between any two answers.</summary>
    private static readonly string[] OfEachAnswer = ["Date", "traceparent", "RateLimit-Remaining", "RateLimit-Reset", "Content-Length"];

    [Fact]
    public async Task An_id_of_another_tenant_is_answered_like_an_unknown_one_everywhere()
    {
        var own = (await Host.Admin.PostAsync("organizations", new { name = $"Own {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var other = (await Host.Admin.PostAsync("organizations", new { name = $"Other {Guid.CreateVersion7():n}" })).Expect(201).Id;
        using var caller = await Host.NewUserAsync(SystemRole.Manager);
        using var stranger = await Host.NewUserAsync(SystemRole.AdvancedEngineer);
        (await Host.Admin.PutAsync($"organizations/{own}/members/{caller.UserId}")).Expect(200);
        (await Host.Admin.PutAsync($"organizations/{other}/members/{stranger.UserId}")).Expect(200);
        var foreign = await MatrixWorld.NewAsync(Host.App.Databases, null, null, other, stranger.UserId);
        var wrong = new List<string>();
        var compared = 0;
        foreach (var (method, function) in PermissionMatrix.Endpoints)
        {
            if (function.Access is TrainerAccessAttribute || (function.Access is AllowAnonymousAccessAttribute && function.Name != "Predict"))
                continue;
            var request = RequestOf(method, function);
            // Each id of the request by itself, and all together.
            var ids = Id().Matches($"{request.Address} {request.Body}").Select(match => match.Value).Where(foreign.Ids.ContainsKey).Distinct().ToList();
            foreach (var swapped in ids.Select(id => new[] { id }).Append([.. ids]).Where(some => some.Length > 0))
            {
                var world = await MatrixWorld.NewAsync(Host.App.Databases, caller.UserId, ProjectRole.Owner, own, caller.UserId);
                var unknown = await SendAsync(caller, request, id => swapped.Contains(id) ? Guid.CreateVersion7() : world.Ids.GetValueOrDefault(id, Guid.CreateVersion7()));
                var foreigner = await SendAsync(caller, request, id => swapped.Contains(id) ? foreign.Ids[id] : world.Ids.GetValueOrDefault(id, Guid.CreateVersion7()));
                compared++;
                if (unknown != foreigner)
                    wrong.Add($"{method} {request.Address} {request.Body}\n    unknown: {unknown}\n    foreign: {foreigner}");
            }
        }

        Assert.True(compared > 60, $"Only {compared} requests were compared.");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static (string Method, string Address, string? Body) RequestOf(string method, FunctionDeclaration function)
    {
        var words = new List<string>();
        var path = string.Join('/', function.Route.Split('/').Select(part =>
        {
            if (part[0] == '{')
                return Examples.After(words) ?? Guid.CreateVersion7().ToString();
            words.Add(part);
            return part;
        }));
        var query = string.Join('&', function.Queries.Where(parameter => parameter.Required).Select(parameter => $"{parameter.Name}={parameter.Example}"));
        return (method, $"/{path}{(query.Length > 0 ? "?" + query : "")}", function.Operation?.Body is null ? null : function.Operation.Example);
    }

    /// <summary>The answer without what differs between any two: status, headers, body.</summary>
    private static async Task<string> SendAsync(ApiClient caller, (string Method, string Address, string? Body) request, Func<string, Guid> replace)
    {
        var used = new List<string>();
        string Fill(string text) => Id().Replace(text, match =>
        {
            if (!IsExample(match.Value))
                return match.Value;
            used.Add(replace(match.Value).ToString());
            return used[^1];
        });
        using var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), Fill(request.Address));
        if (request.Body is { } body)
            message.Content = new StringContent(Fill(body).Replace("kim@example.org", $"{Guid.CreateVersion7():n}@example.org", StringComparison.Ordinal), Encoding.UTF8, "application/json");
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", caller.AccessToken);
        using var response = await caller.Http.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        foreach (var id in used)
            text = text.Replace(id, "(id)", StringComparison.Ordinal);
        var headers = response.Headers.Concat(response.Content.Headers).Where(header => !OfEachAnswer.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order(StringComparer.Ordinal);
        return $"{(int)response.StatusCode} {Trace().Replace(text, "")} [{string.Join("; ", headers)}]";
    }

    private static bool IsExample(string id) => Examples.ByCollection.Values.Append(Examples.User).Append(Examples.Colleague).Append(Examples.Upload).Append(Examples.ModelVersion).Append(Examples.Export).Contains(id);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex("\"traceId\":\"[^\"]*\"")]
    private static partial Regex Trace();
}
