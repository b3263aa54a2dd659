using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Api.Trainers;

/// <summary>The request of an attempt, for a trainer that runs one attempt and cannot be called (trainers/protocol.md).</summary>
public sealed class AttemptRequestFunctions(PlatformDatabase database, TrainerRequestBuilder requests, AttemptTokens tokens)
{
    private static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(3);

    [Function("GetAttemptRequest"), AllowAnonymousAccess("The bearer is the ticket that the execution was started with; it is checked here."), RateLimit(RateLimit.Trainer)]
    [Operation("Fetch the request of an attempt", Tag = "Trainers", Security = [OpenApi.ApiDocument.AttemptTicket], Returns = typeof(TrainerJobRequest), Problems = ["INVALID_ATTEMPT_TOKEN", "ATTEMPT_ENDED", "TRAINER_UNAVAILABLE"],
        Description = "What a trainer service gets by POST /v1/jobs, for an execution that was started for this attempt alone. It is given to that execution, with the ticket it was started with, until the attempt has begun.")]
    [Query<string>("execution", "Name of the execution.", Required = true, MaximumLength = 200, Example = Examples.Execution)]
    public async Task<IResult> Get(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/trainer/attempts/{attemptId:guid}/request")] HttpRequest request, Guid attemptId, CancellationToken cancellation)
    {
        if (Authentication.BearerToken(request) is not { } ticket || tokens.VerifyTicket(ticket).AttemptId != attemptId)
            throw new ProblemException(ErrorCodes.InvalidAttemptToken, "The ticket does not belong to this attempt or has expired.");
        var attempt = await database.Attempts.AsNoTracking().SingleOrDefaultAsync(row => row.Id == attemptId, cancellation) ?? throw ProblemException.NoSuch("attempt");
        if (attempt.State is not (AttemptState.Waiting or AttemptState.Starting))
            throw new ProblemException(ErrorCodes.AttemptEnded, "The attempt has begun or ended.");
        if (attempt.Execution is null)
            throw new ProblemException(ErrorCodes.TrainerUnavailable, "The platform is still starting this execution.") { RetryAfter = ComeAgain };
        if (attempt.Execution != request.QueryText("execution"))
            throw new ProblemException(ErrorCodes.AttemptEnded, "Another execution works on this attempt.");
        var built = await requests.BuildAsync(attempt, cancellation);
        return Answer.Ok(built.Request ?? throw new ProblemException(ErrorCodes.AttemptEnded, built.Failure!.Message));
    }
}
