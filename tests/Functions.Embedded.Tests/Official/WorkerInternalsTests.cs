using VisionPlatform.Functions.Embedded.Official;

namespace VisionPlatform.Functions.Embedded.Tests.Official;

/// <summary>
/// The embedded host uses a few things that the official packages keep internal. Each is named here, and a version of the packages that lacks
/// one stops the start with a message that says which.
/// </summary>
public sealed class WorkerInternalsTests
{
    private const string Worker = "Microsoft.Azure.Functions.Worker";

    private static readonly string[] Used =
    [
        $"{Worker}.IWorker",
        $"{Worker}.WorkerBuilderExtensions",
        $"{Worker}.WorkerBuilderExtensions.UseAspNetCoreIntegration()",
        $"{Worker}.Context.Features.IFunctionBindingsFeature",
        $"{Worker}.Context.Features.IInputConversionFeature",
        $"{Worker}.Context.Features.DefaultInputConversionFeature",
        $"new {Worker}.Context.Features.DefaultInputConversionFeature()",
        $"{Worker}.Context.Features.DefaultFunctionInputBindingFeature",
        $"new {Worker}.Context.Features.DefaultFunctionInputBindingFeature()",
        $"{Worker}.OutputBindings.IOutputBindingsInfoProvider",
        $"{Worker}.OutputBindings.IOutputBindingsInfoProvider.GetBindingsInfo()",
        $"{Worker}.Extensions.Http.AspNetCore.IHttpCoordinator",
        $"{Worker}.FunctionsDurableTaskClient",
        $"new {Worker}.FunctionsDurableTaskClient(client, query, address)",
        $"{Worker}.Extensions.DurableTask.Execution.DurableFunctionExecutor",
        $"{Worker}.Extensions.DurableTask.Execution.DurableFunctionExecutor.OrchestrationEntryPoint",
        $"{Worker}.Extensions.DurableTask.Execution.DurableFunctionExecutor.ActivityEntryPoint",
    ];

    public static TheoryData<string> Types => [.. Used.Where(name => !name.StartsWith("new ", StringComparison.Ordinal) && !name.EndsWith("EntryPoint", StringComparison.Ordinal) && !name.EndsWith(')'))];

    [Fact]
    public void These_internals_of_the_official_packages_are_used_and_no_others() => Assert.Equal(Used.Order(), WorkerInternals.Instance.Used.Order());

    [Theory]
    [MemberData(nameof(Types))]
    public void A_type_that_is_not_there_stops_the_start_and_is_named(string type) =>
        Assert.Contains($" has no type {type}.", Explain(name => name.StartsWith(type + ",", StringComparison.Ordinal) ? null : Type.GetType(name)));

    [Theory]
    [InlineData($"{Worker}.WorkerBuilderExtensions", "has no method UseAspNetCoreIntegration.")]
    [InlineData($"{Worker}.OutputBindings.IOutputBindingsInfoProvider", "has no method GetBindingsInfo.")]
    [InlineData($"{Worker}.Extensions.DurableTask.Execution.DurableFunctionExecutor", "has no text OrchestrationEntryPoint.")]
    [InlineData($"{Worker}.Extensions.DurableTask.Execution.DurableFunctionExecutor", "has no text ActivityEntryPoint.")]
    [InlineData($"{Worker}.FunctionsDurableTaskClient", "has no constructor with a client, a query and an address.")]
    [InlineData($"{Worker}.IWorker", "does not match IdleWorker: ")]
    [InlineData($"{Worker}.Extensions.Http.AspNetCore.IHttpCoordinator", "does not match InProcessHttpCoordinator: ")]
    [InlineData($"{Worker}.Context.Features.IFunctionBindingsFeature", "does not match BindingsFeature`1: ")]
    [InlineData($"{Worker}.Context.Features.DefaultInputConversionFeature", "cannot be created: ")]
    public void A_type_with_other_members_stops_the_start_and_is_named(string type, string message) =>
        Assert.Contains($"{typeof(IOther)} {message}", Explain(name => name.StartsWith(type + ",", StringComparison.Ordinal) ? typeof(IOther) : Type.GetType(name)));

    [Fact]
    public void All_that_is_missing_is_told_at_once()
    {
        var said = Explain(_ => null);
        Assert.All(Types, type => Assert.Contains($" has no type {type.Data}.", said));
        Assert.EndsWith("Use the versions of Directory.Packages.props, or adapt WorkerInternals.", said);
    }

    private static string Explain(Func<string, Type?> find) => Assert.Throws<InvalidOperationException>(() => new WorkerInternals(find)).Message;

    /// <summary>Stands for a type of another version.</summary>
    internal interface IOther
    {
        void SomethingNew();
    }
}
