using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Platform.Tests.Contract;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>The request that an execution of a trainer fetches with its ticket.</summary>
public sealed class AttemptRequestTests(PlatformHost host) : PlatformTests(host)
{
    private const string Operation = "getAttemptRequest";

    [Fact]
    public async Task The_request_is_given_to_the_recorded_execution_with_its_ticket_until_the_attempt_begins()
    {
        await using var contract = await ContractApp.StartAsync(Host);
        var (attempt, soon) = (Guid.Parse(Examples.Attempt), DateTimeOffset.UtcNow.AddHours(1));
        await contract.Data.ResetAsync(Operation);

        var request = (await contract.SendAsync(Operation)).Expect(200).Body;
        Assert.Equal(("2", "train", Examples.TrainingJob), (request.GetProperty("protocol").GetString(), request.GetProperty("kind").GetString(), request.GetProperty("jobId").GetString()));
        var token = request.GetProperty("callback").GetProperty("token").GetString()!;
        Assert.Equal(attempt, contract.AttemptTokens.Verify(token).AttemptId);

        (await contract.SendAsync(Operation, ("Authorization", "Bearer nonsense"))).Expect(401, "INVALID_ATTEMPT_TOKEN");
        // A token for callbacks is no ticket, nor is the ticket of another attempt or one of long ago.
        foreach (var other in (string[])[token, contract.AttemptTokens.MintTicket(Guid.NewGuid(), soon), contract.AttemptTokens.MintTicket(attempt, DateTimeOffset.UtcNow.AddHours(-1))])
            (await contract.SendAsync(Operation, ("Authorization", $"Bearer {other}"))).Expect(401, "INVALID_ATTEMPT_TOKEN");
        await ChangeAsync("execution = 'another'");
        (await contract.SendAsync(Operation)).Expect(410, "ATTEMPT_ENDED");
        await ChangeAsync("execution = NULL");
        Assert.NotNull((await contract.SendAsync(Operation)).Expect(503, "TRAINER_UNAVAILABLE").Headers.RetryAfter);
        await ChangeAsync($"execution = '{Examples.Execution}', state = 'running'");
        (await contract.SendAsync(Operation)).Expect(410, "ATTEMPT_ENDED");

        // The ticket reports nothing.
        var ticket = contract.AttemptTokens.MintTicket(attempt, soon);
        (await contract.SendAsync("reportAttemptEvents", ("Authorization", $"Bearer {ticket}"))).Expect(401, "INVALID_ATTEMPT_TOKEN");

        async Task ChangeAsync(string set)
        {
            await using var database = contract.App.Databases.OpenPlatform();
#pragma warning disable EF1002 // The text is the test's own.
            await database.Database.ExecuteSqlRawAsync($"UPDATE attempts SET {set} WHERE id = '{attempt}'");
#pragma warning restore EF1002
        }
    }
}
