using Microsoft.EntityFrameworkCore;
using System.Net;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>The Idempotency-Key header, tested with projects.</summary>
public sealed class IdempotencyTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_repeated_request_creates_nothing_and_gets_the_same_answer()
    {
        using var owner = await Host.NewUserAsync();
        var key = NewKey();

        var first = (await PostAsync(owner, key, "Once")).Expect(201);
        (await owner.PutAsync($"projects/{first.Id}", new { name = "Changed since" })).Expect(200);
        var second = (await PostAsync(owner, key, "Once")).Expect(201);

        Assert.Equal(first.RawText, second.RawText);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Single((await owner.GetAsync("projects")).Items);
    }

    [Fact]
    public async Task A_key_is_refused_with_another_body_and_independent_for_another_caller()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync();
        var key = NewKey();
        (await PostAsync(owner, key, "Mine")).Expect(201);

        Assert.NotEmpty((await PostAsync(owner, key, "Something else")).Expect(422, "IDEMPOTENCY_KEY_REUSED").ErrorsOf("Idempotency-Key"));
        Assert.Equal(other.UserId, (await PostAsync(other, key, "Mine")).Expect(201).Body.GetProperty("ownerId").GetGuid());
    }

    [Theory]
    [InlineData("/api/v1/Projects")]
    [InlineData("/api/v1/projects/")]
    [InlineData("/API/v1/%70rojects")]
    [InlineData("/api/v1/projects?again=1")]
    public async Task Another_spelling_of_the_address_is_the_same_request(string spelling)
    {
        using var owner = await Host.NewUserAsync();
        var key = NewKey();
        var first = (await PostAsync(owner, key, "Once")).Expect(201);

        var second = await owner.SendAsync(HttpMethod.Post, spelling, new { name = "Once" }, ("Idempotency-Key", key));

        if (second.Status != HttpStatusCode.BadRequest)
            Assert.Equal(first.RawText, second.Expect(201).RawText);
        Assert.Single((await owner.GetAsync("projects")).Items);
    }

    [Fact]
    public async Task Another_spelling_of_an_id_in_the_address_is_the_same_request()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync();
        var (project, second) = (await owner.NewProjectAsync(), await owner.NewProjectAsync());
        var key = ("Idempotency-Key", NewKey());
        var body = new { email = $"invited.{Guid.CreateVersion7():n}@platform.test", role = "viewer" };
        var first = (await owner.SendAsync(HttpMethod.Post, $"projects/{project}/invitations", body, key)).Expect(201);

        Assert.Equal(first.RawText, (await owner.SendAsync(HttpMethod.Post, $"projects/{project.ToString().ToUpperInvariant()}/invitations", body, key)).Expect(201).RawText);
        Assert.NotEqual(first.Id, (await owner.SendAsync(HttpMethod.Post, $"projects/{second}/invitations", body, key)).Expect(201).Id);
    }

    [Fact]
    public async Task A_failed_request_can_be_repeated_with_its_key()
    {
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var only = await guest.NewProjectAsync();
        var key = NewKey();
        (await PostAsync(guest, key, "Second")).Expect(403, "QUOTA_EXCEEDED");

        (await guest.DeleteAsync($"projects/{only}")).Expect(204);

        (await PostAsync(guest, key, "Second")).Expect(201);
        (await PostAsync(guest, key, "Second")).Expect(201);
    }

    [Fact]
    public async Task Simultaneous_requests_with_one_key_create_once_and_the_others_get_its_answer_or_must_wait()
    {
        using var owner = await Host.NewUserAsync();
        var key = NewKey();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(owner, key, "Race")));

        var made = Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created && !answer.Headers.Contains("Idempotency-Replayed"));
        foreach (var answer in answers.Where(answer => answer != made))
        {
            if (answer.Status == HttpStatusCode.Created)
                Assert.Equal(made.RawText, answer.RawText);
            else
                Assert.NotNull(answer.Expect(409, "REQUEST_IN_PROGRESS").Headers.RetryAfter);
        }
        Assert.Single((await owner.GetAsync("projects")).Items);
    }

    [Fact]
    public async Task A_stored_answer_is_encrypted_and_removed_after_a_day()
    {
        using var owner = await Host.NewUserAsync();
        var key = NewKey();
        var made = (await PostAsync(owner, key, "Secret name")).Expect(201);
        await using var database = Host.App.Databases.OpenPlatform();
        var kept = (await database.IdempotentAnswers.AsNoTracking().ToListAsync()).Where(answer => answer.CreatedAt > made.Body.GetProperty("createdAt").GetDateTimeOffset().AddSeconds(-1)).ToList();
        Assert.NotEmpty(kept);
        Assert.All(kept, answer => Assert.Equal(-1, answer.Answer.AsSpan().IndexOf("Secret name"u8)));

        await database.Database.ExecuteSqlAsync($"UPDATE idempotent_answers SET created_at = created_at - interval '25 hours'");
        (await owner.PutAsync($"projects/{made.Id}", new { name = "Renamed" })).Expect(200);

        Assert.NotEqual(made.Id, (await PostAsync(owner, key, "Secret name")).Expect(201).Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("comma, space")]
    public async Task An_invalid_key_is_refused(string key) =>
        Assert.NotEmpty((await PostAsync(Host.Admin, key, "Any")).Expect(400, "INVALID_PARAMETER").ErrorsOf("Idempotency-Key"));

    private static Task<ApiAnswer> PostAsync(ApiClient client, string key, string name) =>
        client.SendAsync(HttpMethod.Post, "projects", new { name }, ("Idempotency-Key", key));

    private static string NewKey() => Guid.CreateVersion7().ToString();
}
