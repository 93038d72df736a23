# Writes and syncs as a container that is at work: "writer.pl FILE END", until END is there. Then it prints the writes,
# those that failed, and how many milliseconds the longest one took.
use strict;
use warnings;
use IO::Handle;
use Time::HiRes qw(time sleep);

my ($file, $end) = @ARGV;
open(my $out, '>', $file) or die "$file: $!";
my ($writes, $errors, $longest) = (0, 0, 0);
until (-e $end) {
    my $begun = time;
    seek($out, 0, 0) if $writes % 256 == 0;
    my $done = print {$out} 'x' x 4096;
    $errors++ unless $done && $out->flush && $out->sync;
    my $took = time - $begun;
    $longest = $took if $took > $longest;
    $writes++;
    sleep 0.02;
}
printf "writes %d errors %d longest_ms %d\n", $writes, $errors, $longest * 1000;
