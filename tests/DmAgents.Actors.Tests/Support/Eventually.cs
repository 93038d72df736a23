using System.Diagnostics;

namespace DmAgents.Actors.Tests.Support;

/// <summary>Waits for what nobody announces.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    public static async Task Holds(Func<bool> condition, Func<string> otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < Patience, otherwise());
            await Task.Delay(Step);
        }
    }

    /// <summary>With questions to others, a moment apart.</summary>
    public static async Task Holds(Func<Task<bool>> condition, Func<string> otherwise, TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(waited.Elapsed < patience, otherwise());
            await Task.Delay(Step * 10);
        }
    }

    /// <summary>Until nothing is broken any more.</summary>
    public static async Task Empty(Func<IEnumerable<string>> broken)
    {
        List<string> last = [];
        await Holds(() => (last = [.. broken()]).Count == 0, () => string.Join("\n", last));
    }
}
