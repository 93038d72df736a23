using System.Security.Cryptography;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Tests.Support;

namespace DmAgents.Agent.Tests;

/// <summary>The journal's file is damaged: the agent says so before it does anything, and changes nothing.</summary>
public sealed class JournalDamageTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        await _agent.Stop();
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Path.GetDirectoryName(_agent.Settings.StateDirectory)!, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public void A_sound_journal_is_taken() => JournalDatabase.Prepare(_agent.Settings);

    [Theory]
    [InlineData(0, 100)]
    [InlineData(4096, 8192)]
    public void A_damaged_one_is_named_with_what_to_do_and_stays_as_it_is(long from, int length)
    {
        var file = _agent.Settings.JournalFile;
        using (var stream = new FileStream(file, FileMode.Open))
        {
            Assert.True(stream.Length > from + length, $"the journal has only {stream.Length} bytes");
            stream.Position = from;
            stream.Write(RandomNumberGenerator.GetBytes(length));
        }
        var damaged = File.ReadAllBytes(file);

        var refused = Assert.Throws<SettingsException>(() => JournalDatabase.Prepare(_agent.Settings));

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.Contains("dmagent pool adopt", refused.Message, StringComparison.Ordinal);
        Assert.Equal(damaged, File.ReadAllBytes(file));
    }

    [Fact]
    public void One_that_is_cut_short_is_damaged()
    {
        using (var stream = new FileStream(_agent.Settings.JournalFile, FileMode.Open))
            stream.SetLength(stream.Length / 2 / 4096 * 4096);

        Assert.Throws<SettingsException>(() => JournalDatabase.Prepare(_agent.Settings));
    }
}
