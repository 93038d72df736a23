using System.Globalization;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace DmAgents.Testing.Lab;

/// <summary>Prints what xunit tells about a run: a line per test, and in full what failed.</summary>
internal sealed class TestReport(TextWriter output) : LongLivedMarshalByRefObject, IMessageSink
{
    private readonly Lock _lock = new();
    private int _passed;
    private int _skipped;

    public int Failed { get; private set; }

    public ManualResetEventSlim Finished { get; } = new();

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_lock)
            Take(message);
        return true;
    }

    public void WriteCounts()
    {
        output.WriteLine($"{_passed} passed, {Failed} failed, {_skipped} skipped");
        output.Flush();
    }

    private void Take(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestPassed passed:
                _passed++;
                Write("passed", passed.ExecutionTime, passed.Test.DisplayName);
                break;
            case ITestSkipped skipped:
                _skipped++;
                Write("skipped", skipped.ExecutionTime, $"{skipped.Test.DisplayName}: {skipped.Reason}");
                break;
            case ITestFailed failed:
                Write("FAILED", failed.ExecutionTime, failed.Test.DisplayName);
                Explain(failed, failed.Output);
                break;
            case IErrorMessage error:
                Write("FAILED", 0, "outside of a test");
                Explain(error, "");
                break;
            case ITestClassCleanupFailure failure:
                Write("FAILED", 0, $"clean-up of {failure.TestClass.Class.Name}");
                Explain(failure, "");
                break;
            case ITestCleanupFailure failure:
                Write("FAILED", 0, $"clean-up of {failure.Test.DisplayName}");
                Explain(failure, "");
                break;
            case ITestAssemblyFinished:
                Finished.Set();
                break;
        }
    }

    private void Write(string outcome, decimal seconds, string what) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome,-7} {seconds,7:0.000} s  {what}"));

    private void Explain(IFailureInformation failure, string written)
    {
        Failed++;
        for (var i = 0; i < failure.Messages.Length; i++)
        {
            output.WriteLine($"  {failure.ExceptionTypes[i]}: {failure.Messages[i]}");
            output.WriteLine(failure.StackTraces[i]);
        }
        if (written.Length > 0)
            output.WriteLine(written);
    }
}
