using CsCheck;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Wire;

namespace DmAgents.Transfer.Tests.Receiving;

public sealed class ReceivingProgressFileTests
{
    private static readonly ReceivingProgress Progress = new(
        Records.Content(1), Records.Content(2), Records.Shape,
        PieceSet.Of([new PieceRange(0, 3), new PieceRange(7, 1)]));

    [Fact]
    public void A_progress_of_version_1_never_changes()
    {
        const string golden =
            "444d50524f47525301000101010101010101010101010101010101010101010101010101010101010101010202020202"
            + "020202020202020202020202020202020202020202020202020202000000800200000001020000000000000000000000"
            + "030000000000000007000000000000000100000000000000153e6eea1724cceed9759c9f39e7b1c1";
        Assert.Equal(golden, Convert.ToHexStringLower(ReceivingProgressFile.Write(Progress)));
        Assert.True(ReceivingProgressFile.TryRead(Convert.FromHexString(golden), out var read, out var reason), reason);
        Assert.Equal(Progress, read);
    }

    [Fact]
    public void A_progress_without_a_base_and_of_no_piece_is_read_as_it_was_written()
    {
        var progress = Progress with { Base = null, Verified = PieceSet.Empty };
        Assert.True(ReceivingProgressFile.TryRead(ReceivingProgressFile.Write(progress), out var read, out _));
        Assert.Equal(progress, read);
    }

    [Fact]
    public void A_progress_of_a_later_version_is_refused_by_its_version()
    {
        var bytes = ReceivingProgressFile.Write(Progress);
        bytes[8] = 2;
        Assert.False(ReceivingProgressFile.TryRead(bytes, out _, out var reason));
        Assert.Equal("it is a progress of version 2; this agent reads version 1", reason);
    }

    [Fact]
    public void A_file_with_any_byte_changed_missing_or_more_is_refused_with_a_reason() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample(
            (place, change) =>
            {
                var file = ReceivingProgressFile.Write(Progress);
                Refused([.. file, change]);
                Refused(file[..(place % file.Length)]);
                file[place % file.Length] ^= change;
                Refused(file);
            },
            iter: 2000);

    private static void Refused(byte[] file)
    {
        Assert.False(ReceivingProgressFile.TryRead(file, out _, out var reason));
        Assert.NotEmpty(reason);
    }
}
