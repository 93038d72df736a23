using System.Diagnostics;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Waits for what an agent does on its own time; the limit is for a machine with much else to do.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static Task Until(Func<bool> condition, string what) =>
        Until(() => Task.FromResult(condition()), () => what);

    public static Task Until(Func<Task<bool>> condition, string what) => Until(condition, () => what);

    /// <summary>Fails, saying that <paramref name="what"/> did not come about, when the limit passes.</summary>
    public static async Task Until(Func<Task<bool>> condition, Func<string> what, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < (limit ?? Limit), $"it did not come about that {what()}");
            await Task.Delay(50);
        }
    }
}
