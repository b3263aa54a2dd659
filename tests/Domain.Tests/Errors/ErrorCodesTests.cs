using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Tests.Errors;

public sealed class ErrorCodesTests
{
    [Fact]
    public void Every_code_says_what_happened_and_what_to_do() => Assert.All(ErrorCodes.All.Values, code =>
    {
        Assert.Matches("^[A-Z][A-Z0-9_]+$", code.Code);
        Assert.InRange(code.Status, 400, 599);
        Assert.EndsWith(".", code.Title, StringComparison.Ordinal);
        Assert.EndsWith(".", code.SuggestedAction, StringComparison.Ordinal);
    });

    [Fact]
    public void A_code_of_a_newer_trainer_is_taken_as_a_framework_error() =>
        Assert.Same(ErrorCodes.FrameworkError, ErrorCodes.Find("QUANTUM_DECOHERENCE"));

    [Theory]
    [InlineData("OUT_OF_MEMORY", "OUT_OF_MEMORY")]
    [InlineData("UNKNOWN_MODEL", "FRAMEWORK_ERROR")] // only in replies
    [InlineData("UNAUTHENTICATED", "FRAMEWORK_ERROR")]
    [InlineData("QUANTUM_DECOHERENCE", "FRAMEWORK_ERROR")]
    public void A_trainer_ends_an_attempt_only_with_the_codes_for_that(string sent, string taken) =>
        Assert.Equal(taken, ErrorCodes.OfTrainerFailure(sent).Code);

    [Theory]
    [InlineData("UNKNOWN_MODEL", "UNKNOWN_MODEL")]
    [InlineData("OUT_OF_MEMORY", "TRAINER_PROTOCOL_ERROR")] // only in failures
    [InlineData("UNAUTHORIZED", "TRAINER_PROTOCOL_ERROR")] // concerns the platform and the trainer alone
    [InlineData("UNAUTHENTICATED", "TRAINER_PROTOCOL_ERROR")]
    [InlineData(null, "TRAINER_PROTOCOL_ERROR")]
    public void A_trainer_s_reply_reaches_a_caller_only_with_the_codes_for_that(string? sent, string passed) =>
        Assert.Equal(passed, ErrorCodes.OfTrainerReply(sent).Code);

    [Fact]
    public void A_failure_carries_the_table_s_suggestion() =>
        Assert.Equal(ErrorCodes.OutOfMemory.SuggestedAction, Failure.Of(ErrorCodes.OutOfMemory, "needs 3 GB").SuggestedAction);
}
