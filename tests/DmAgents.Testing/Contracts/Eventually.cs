using System.Diagnostics;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Waits for what the kernel does on its own time, with a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>Fails, saying <paramref name="what"/> did not come about, when the deadline passes.</summary>
    public static void True(Func<bool> condition, string what)
    {
        using var never = new ManualResetEventSlim();
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Deadline)
                Assert.Fail($"within {Deadline.TotalSeconds} s it did not come about that {what}");
            never.Wait(TimeSpan.FromMilliseconds(10));
        }
    }

    public static void Equal<T>(T expected, Func<T> actual, string what)
    {
        var last = actual();
        True(() => EqualityComparer<T>.Default.Equals(last = actual(), expected), $"{what} is {expected}");
    }

    /// <summary>Fails where the task has not ended by the deadline.</summary>
    public static async Task Ends(Task task, string what)
    {
        var first = await Task.WhenAny(task, Task.Delay(Deadline));
        Assert.True(first == task, $"{what} did not end within {Deadline.TotalSeconds} s");
        await task;
    }

    /// <summary>Fails where the task ends within a moment: 300 ms, which proves little and costs little.</summary>
    public static async Task StaysWaiting(Task task, string what)
    {
        await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(300)));
        Assert.False(task.IsCompleted, $"{what} did not wait");
    }
}
