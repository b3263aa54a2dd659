namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>Tests against the shared app; when one fails, what the app wrote meanwhile is printed.</summary>
public abstract class PlatformTests(PlatformHost host) : IAsyncDisposable
{
    private readonly int _linesBefore = host.App.Log.Count;

    protected PlatformHost Host { get; } = host;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
            TestContext.Current.TestOutputHelper?.WriteLine("The app's log:\n" + string.Join('\n', Host.App.Log.Skip(_linesBefore)));
        return ValueTask.CompletedTask;
    }
}
