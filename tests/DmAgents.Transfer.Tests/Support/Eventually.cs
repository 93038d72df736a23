namespace DmAgents.Transfer.Tests.Support;

/// <summary>Waits for what other threads do.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        for (var deadline = Environment.TickCount64 + 120_000; !condition(); await Task.Yield())
            Assert.True(Environment.TickCount64 < deadline, $"not within two minutes: {what}");
    }
}
