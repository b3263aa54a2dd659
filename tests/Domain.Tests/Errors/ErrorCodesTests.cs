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

    [Fact]
    public void A_failure_carries_the_table_s_suggestion() =>
        Assert.Equal(ErrorCodes.OutOfMemory.SuggestedAction, Failure.Of(ErrorCodes.OutOfMemory, "needs 3 GB").SuggestedAction);
}
